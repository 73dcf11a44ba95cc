import assert from 'node:assert/strict';
import { describe, test } from 'node:test';

import type { Category } from '../policy/request.ts';
import { classifyTool } from './classify.ts';

/** Category, name, description and, where it matters, the server's name. */
type Case = readonly [Category, string, string, string?];

function table(title: string, cases: readonly Case[]): void {
  describe(title, () => {
    for (const [category, name, description, server] of cases) {
      test(`${category}: ${name} ${description.slice(0, 60)}`, () => {
        const around = { name: server ?? 'Example', toolNames: [] };
        const answer = classifyTool({ name, description }, around);
        assert.equal(answer.category, category, answer.sentence);
      });
    }
  });
}

table('the main verb is found where it stands', [
  ['Read', 'lookup_tool', 'Enables users to quickly retrieve the valuation of a company'],
  ['Read', 'faces', 'This tool interacts with the recognition system to retrieve faces'],
  ['Read', 'hints', 'Given a component, returns a list of suggestions to fix issues'],
  ['Read', 'context', 'Recursively reads text files from a directory, skipping binary files'],
  ['Read', 'greeting', 'Call this action when the user arrives. It displays a welcome'],
  ['Read', 'headlines', 'News search tool'],
  ['Read', 'get_info', 'You can use either the id or invite code'],
  ['Write', 'machine_update', 'Updates or modifies the configuration of a machine'],
  ['Execute', 'go_back', 'Go back to the previous page of the browser'],
  ['Execute', 'power', 'Deallocate, start or stop a virtual machine'],
]);

table('a list says what a vague verb does not', [
  ['Write', 'pages', 'Perform various page operations (create, archive, restore, search)'],
  ['Read', 'users', 'Perform various user operations (list, get)'],
  ['Write', 'mail', 'Interact with the mail app - read mail, search mail, and send mail'],
  ['Write', 'playlist', 'Manage playlists. - get: Get a list. - put: Add tracks to one.'],
  ['Write', 'manage_file', 'Smart tool that determines which file to create or update'],
  ['Execute', 'entity', 'Perform an action on an entity (on, off, toggle)'],
  ['Execute', 'rows', 'Execute SQL and return results'],
]);

table('the description corrects a doubtful word of the name', [
  ['Read', 'adjust_report', 'Get a report with common metrics', 'Adjust'],
  ['Read', 'run', 'Get a specific analysis run by its id'],
  ['Read', 'ledger_register', 'Show the transaction register', 'Ledger'],
  ['Read', 'proxy_block_number', 'Returns the number of the most recent block'],
  ['Write', 'drive_comment', 'Add a comment to a file', 'Google Drive'],
  ['Write', 'test_code', 'Generates tests for the given code'],
  ['Read', 'quote_sell', 'Get a quote for selling a token'],
  ['Execute', 'query_and_chart', 'Using a SQL query to extract data, generate a chart'],
  ['Execute', 'pull_image', 'Download an image from a registry'],
]);

table('the name without a verb', [
  ['Read', 'hex_to_rgb', ''],
  ['Write', 'text_to_video', ''],
  ['Read', 'next_trains', ''],
  ['Execute', 'next_track', ''],
  ['Read', 'sequentialthinking', ''],
  ['Read', 'current_timestamp', ''],
  ['Read', 'index_documentation', '', 'Cloud Index'],
  ['Destructive', 'alter_table_remove_column', ''],
  ['Write', 'image_creator', ''],
]);

table('what is asked, and in which language', [
  ['Read', 'find_issues', 'Execute a JQL query to find issues'],
  ['Read', 'usage', 'Run a funnel query over events'],
  ['Read', 'rows', 'Executes a read-only SQL query. INSERT and DELETE are rejected.'],
  ['Execute', 'rows', 'Execute a SQL query'],
  ['Read', 'json_query', 'Query a JSON file', 'JSON Query'],
  ['Read', 'request_it', 'Make an HTTP OPTIONS request to a URL'],
  ['Write', 'request_it', 'Make an HTTP PATCH request to a URL'],
  ['Destructive', 'request_it', 'Make an HTTP DELETE request to a URL'],
  ['Execute', 'request_it', 'Make a request to any endpoint of the API'],
  ['Read', 'contract', 'Call a read-only function of a smart contract'],
  ['Read', 'check_access', 'Tests whether a user has access to an item'],
  ['Execute', 'endpoints', 'Perform fuzzing tests on endpoints'],
]);

table('what can be taken back is written', [
  ['Write', 'unlike_post', 'Remove your like from a post'],
  ['Write', 'thread', 'Remove a thread from the trash'],
  ['Write', 'update_tags', 'Add or remove tags from bookmarks'],
  ['Destructive', 'labels', 'Create, update, delete, and manage labels'],
  ['Destructive', 'file_rewrite', 'Rewrites the entire content of a file'],
]);

table('a name is taken for what it is', [
  ['Financial', 'place_order', '', 'Broker Tools'],
  ['Financial', 'transfer_token', ''],
  ['Financial', 'send_token', 'Send tokens to another account'],
  ['Financial', 'place_bet', 'Place a bet on a market'],
  ['Read', 'google-play-categories', ''],
  ['Read', 'app-store-similar', ''],
  ['Read', 'is_contract', ''],
  ['Read', 'exchange-rate', ''],
  ['Read', 'hints_for_problem', ''],
  ['Read', 'run-select-query', ''],
  ['Write', 'query_result_create', ''],
  ['Execute', 'create_pipeline_run', ''],
  ['Execute', 'control_editor', ''],
  ['Execute', 'select', '', 'browsercat'],
  ['Execute', 'drag_and_drop', 'Drags an element and drops it onto another'],
  ['Read', 'open_orders', 'Monitor your active orders'],
  ['Read', 'random-item-by-type', ''],
  ['Read', 'request-pipe-data', 'Requests data from an endpoint'],
  ['Write', 'enterprise', 'Multi-tenant account and user management'],
  ['Destructive', 'lpop', ''],
  ['Write', 'append_insight', 'Add a data insight to the memo'],
  ['Write', 'shrink', 'Compress a local image file'],
  ['Read', 'ask', 'Run a RAG query over the corpus'],
  ['Destructive', 'mutation', 'Executes a GraphQL mutation to insert, update, or delete data'],
]);

table('nouns that carry the act', [
  ['Write', 'initiate_login', ''],
  ['Destructive', 'profile_request', 'Request the deletion of a profile'],
  ['Read', 'dice', 'Make a dice roll'],
  ['Read', 'ids', 'Generates a set of ids for new files'],
  ['Read', 'new_id', 'Generate a UUID v7'],
  ['Execute', 'process_command', ''],
  ['Execute', 'to_terminal', 'Write text to the terminal'],
  ['Execute', 'debugger', 'Attach to a running process'],
  ['Write', 'relation', 'Connects related entries to a relation'],
  ['Write', 'sound', 'Extract audio from a video file'],
  ['Financial', 'position', 'Add collateral to your position'],
  ['Write', 'timesheet', 'Approve a payroll timesheet'],
]);
