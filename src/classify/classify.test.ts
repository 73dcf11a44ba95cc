import assert from 'node:assert/strict';
import { existsSync, readFileSync } from 'node:fs';
import { describe, test } from 'node:test';

import type { Category, Risk } from '../policy/request.ts';
import { classifyTool } from './classify.ts';
import { measure, predict } from './measure.ts';
import type { LabelledTool } from './measure.ts';
import { asObject, own } from './tool.ts';
import type { Classification, ServerContext, SignalId, ToolDefinition } from './tool.ts';

type Case = readonly [Category, string, string];

const alone: ServerContext = { name: 'Example', toolNames: [] };

function of(name: string, description = '', server = alone): Classification {
  return classifyTool({ name, description }, server);
}

function object(properties: Record<string, unknown>, required: readonly string[] = []): unknown {
  return { type: 'object', properties, required };
}

const text = { type: 'string' };

function table(title: string, cases: readonly Case[], server = alone): void {
  describe(title, () => {
    for (const [category, name, description] of cases) {
      test(`${category}: ${name} ${description.slice(0, 60)}`, () => {
        const answer = of(name, description, server);
        assert.equal(answer.category, category, answer.sentence);
      });
    }
  });
}

table('people are reached', [
  ['Write', 'send_email', 'Send an email to one or more recipients'],
  ['Write', 'sms_send', 'Sends a text message to a phone number'],
  ['Write', 'chat.postMessage', 'Post a message to a channel'],
  ['Write', 'reply_to_thread', 'Reply to a thread'],
]);

table('a database is queried', [
  ['Read', 'query', 'Run a read-only SQL query'],
  ['Read', 'read_query', 'Execute a SELECT query'],
  ['Execute', 'run_sql', 'Execute individual SQL queries'],
  ['Execute', 'database_query', 'Query a database'],
  ['Destructive', 'execute_sql', 'Run any SQL statement: SELECT, INSERT, UPDATE or DELETE'],
  ['Destructive', 'query_table', 'Query a database table with full CRUD support'],
  ['Read', 'query_metrics', 'Query the metrics API'],
]);

table('something is cancelled', [
  ['Destructive', 'cancel_order', 'Cancel an order'],
  ['Destructive', 'cancel_subscription', 'Cancel a subscription'],
  ['Financial', 'cancel_payment', 'Cancel a payment and return the money'],
  ['Execute', 'cancel_run', 'Cancel a workflow run'],
  ['Execute', 'cancel_query', 'Cancel a query that is running'],
  ['Write', 'cancel_downtime', 'Cancel a downtime'],
]);

table('the gravest action counts', [
  ['Destructive', 'branches', 'Lists, creates, renames, or deletes branches'],
  ['Destructive', 'manage_items', 'Manage items: list, create, delete'],
  ['Destructive', 'queue', 'Holds tasks. Use delete to remove a task.'],
  ['Execute', 'search_and_play', 'Search for a track and play it'],
  ['Write', 'get_or_create_label', 'Get a label, or create it'],
]);

table('a browser is driven', [
  ['Execute', 'browser_click', 'Click an element on the page'],
  ['Execute', 'browser_type', 'Type text into an input field'],
  ['Execute', 'browser_navigate', 'Navigate to a URL'],
  ['Execute', 'browser_select_option', 'Select an option from a dropdown'],
  ['Execute', 'browser_tab_close', 'Close a tab'],
  ['Read', 'browser_snapshot', 'Capture an accessibility snapshot of the page'],
  ['Read', 'browser_take_screenshot', 'Take a screenshot of the current page'],
  ['Read', 'browser_console_messages', 'Return the console messages'],
  ['Execute', 'press_key', 'Simulates pressing a key'],
]);

table('something is made or looked at', [
  ['Write', 'generate_image', 'Generate an image from a prompt'],
  ['Write', 'text_to_speech', 'Convert text to an audio file and save it'],
  ['Write', 'generate_code', 'Generate code for a component'],
  ['Read', 'translate_text', 'Translate text to another language'],
  ['Read', 'clean_text', ''],
  ['Read', 'generate_uuid', 'Generate a random UUID'],
  ['Read', 'validate_config', 'Validate a configuration'],
  ['Read', 'run_preview', 'Preview the changes'],
  ['Read', 'apply_changes_dry_run', 'Apply the changes as a dry run'],
  ['Read', 'refactor_code', 'Preview a refactoring'],
  ['Read', 'run_plan', 'Plan the changes'],
  ['Read', 'delete_preview', 'Preview what would be deleted'],
  ['Read', 'perform_search', 'Perform a web search'],
  ['Execute', 'run_tests', 'Run the test suite'],
]);

table('something is booked', [
  ['Execute', 'book_table', 'Book a table at a restaurant'],
  ['Execute', 'place_order', 'Place an order for delivery'],
  ['Financial', 'place_order', 'Place an order and charge the card'],
  ['Execute', 'reserve_seat', 'Reserve a seat'],
  ['Financial', 'book_room', 'Book a room. The card is charged the full price.'],
  ['Financial', 'checkout_cart', 'Check out the cart and pay for the order'],
]);

table('a session, a link, a login', [
  ['Write', 'create_session', 'Create a new session'],
  ['Write', 'create_link', 'Create a link'],
  ['Write', 'login', 'Log in to the service'],
  ['Write', 'switch_context', 'Switch to another context'],
  ['Execute', 'connect', 'Connect to a server'],
  ['Write', 'store_credentials', 'Store the credentials of a user'],
]);

table('money is looked at or moved', [
  ['Read', 'list_invoices', 'List invoices'],
  ['Read', 'get_refund', 'Get a refund'],
  ['Read', 'pricing', 'Get the prices of a service'],
  ['Financial', 'create_invoice', 'Create an invoice'],
  ['Financial', 'create_refund', 'Refund a payment'],
  ['Financial', 'transfer_sol', 'Transfer SOL to another wallet'],
  ['Financial', 'place_order', 'Place a limit order to buy a stock'],
  ['Financial', 'swap_tokens', 'Swap tokens on a DEX'],
  ['Financial', 'binance_place_order', ''],
  ['Write', 'create_trigger', 'Create a trigger'],
  ['Write', 'swap_indexes', 'Swap two indexes'],
]);

table('the name decides where nothing else speaks', [
  ['Read', 'get_weather', '天気を返します'],
  ['Destructive', 'delete_table', ''],
  ['Write', 'updateCalendar', 'Description not available'],
  ['Write', 'criar_tarefa', ''],
  ['Read', 'k8s/list-pods', ''],
  ['Read', 'getwalletbalance', ''],
  ['Destructive', 'team.member.remove', ''],
  ['Read', 'order_history', ''],
  ['Read', 'deploy_status', ''],
  ['Write', 'vote_on_poll', ''],
  ['Write', 'inbox_mark_all_read', ''],
  ['Unclassified', 'zorblax', ''],
  ['Unclassified', 'frobnitz', '何かをします'],
  ['Unclassified', '', ''],
]);

table('what is not done is not counted', [
  ['Read', 'get_page', 'Get a page. Does not delete anything.'],
  ['Read', 'get_item', 'Get an item. Use this before calling delete_item.'],
  ['Read', 'get_usage', 'Get usage to track costs, analyze spending and generate reports'],
]);

test('a prefix that all tools share, or the product names, is no verb', () => {
  const toolNames = ['test_create_run', 'test_list_runs', 'test_get_run'];
  const server = { name: 'Test Suite', toolNames };
  assert.equal(of('test_list_runs', '', server).category, 'Read');
  const close = { name: 'Close', toolNames: ['close_search_leads', 'close_list_users'] };
  assert.equal(of('close_search_leads', 'Search for leads', close).category, 'Read');
});

describe('the schema speaks', () => {
  const cases: readonly (readonly [Category, string, unknown])[] = [
    ['Destructive', 'records', object({ action: { enum: ['list', 'create', 'delete'] } })],
    ['Write', 'records', object({ operation: { type: 'string', enum: ['get', 'update'] } })],
    ['Execute', 'endpoint', object({ method: { enum: ['GET', 'POST', 'DELETE'] } })],
    ['Read', 'fetch_it', object({ method: { enum: ['GET', 'POST', 'DELETE'] } })],
    ['Destructive', 'thing', object({ action: { const: 'delete' } })],
    ['Read', 'list_items', object({ method: { enum: ['list_open', 'list_closed'] } })],
    ['Execute', 'sandbox', object({ code: text })],
  ];
  for (const [category, name, inputSchema] of cases) {
    test(`${category}: ${name} ${JSON.stringify(inputSchema).slice(0, 80)}`, () => {
      const server = { name: 'x', toolNames: [] };
      assert.equal(classifyTool({ name, inputSchema }, server).category, category);
    });
  }
});

describe('signals raise the risk', () => {
  type Raised = readonly [Risk, SignalId, ToolDefinition];
  const cases: readonly Raised[] = [
    ['High', 'outbound-message', { name: 'send_email', description: 'Send an email' }],
    ['High', 'credentials', { name: 'update_user', inputSchema: object({ password: text }) }],
    ['High', 'credentials', { name: 'store_credentials' }],
    ['High', 'bulk', { name: 'bulk_update_items' }],
    ['High', 'admin', { name: 'update_role' }],
    ['High', 'code', { name: 'create_job', inputSchema: object({ script: text }) }],
    ['Medium', 'url', { name: 'get_page', inputSchema: object({ url: text }) }],
    ['Medium', 'file-path', { name: 'read_file', inputSchema: object({ path: text }) }],
    [
      'Medium',
      'sql',
      {
        name: 'query',
        description: 'Run a read-only SQL query',
        inputSchema: object({ sql: text }),
      },
    ],
    ['High', 'hint-destructive', { name: 'move_file', annotations: { destructiveHint: true } }],
  ];
  for (const [risk, id, tool] of cases) {
    test(`${risk} by ${id}: ${String(tool.name)}`, () => {
      const answer = classifyTool(tool, alone);
      assert.equal(answer.raisedRisk, risk, answer.sentence);
      assert.ok(answer.signals.some((signal) => signal.id === id));
    });
  }
});

describe('hints raise and never lower', () => {
  const risks: readonly Risk[] = ['Low', 'Medium', 'High', 'Critical'];
  const names = ['get_item', 'create_item', 'run_job', 'delete_item', 'pay_invoice', 'zorblax'];
  const values = [undefined, true, false];
  for (const name of names) {
    test(name, () => {
      const plain = of(name);
      for (const readOnlyHint of values) {
        for (const destructiveHint of values) {
          const annotations = { readOnlyHint, destructiveHint, idempotentHint: true };
          const hinted = classifyTool({ name, annotations }, alone);
          assert.equal(hinted.category, plain.category);
          assert.ok(risks.indexOf(hinted.raisedRisk) >= risks.indexOf(plain.raisedRisk));
        }
      }
    });
  }

  test('a hint that contradicts the definition is shown', () => {
    const annotations = { readOnlyHint: true };
    const answer = classifyTool({ name: 'delete_thread', annotations }, alone);
    assert.equal(answer.category, 'Destructive');
    assert.ok(answer.signals.some((signal) => signal.id === 'hint-conflict'));
    assert.ok(answer.evidence.some((hit) => hit.path === '/readOnlyHint'));
    assert.match(answer.sentence, /readOnlyHint/);
  });
});

/** Whether a hit's quote is where the hit says it is. */
function quotes(tool: ToolDefinition, answer: Classification): void {
  for (const hit of answer.evidence) {
    if (hit.field === 'inputSchema' || hit.field === 'annotations') {
      const at = valueAt(
        hit.field === 'inputSchema' ? tool.inputSchema : tool.annotations,
        hit.path,
      );
      assert.ok(at !== undefined, hit.path);
      const key = hit.path.split('/').at(-1)?.replaceAll('~1', '/').replaceAll('~0', '~');
      const value = typeof at === 'string' ? at.slice(hit.start, hit.end) : key;
      assert.equal(value, hit.quote);
      continue;
    }
    const titled = tool.title ?? own(asObject(tool.annotations), 'title');
    const whole = hit.field === 'title' ? titled : tool[hit.field];
    assert.ok(typeof whole === 'string');
    assert.equal(whole.slice(hit.start, hit.end), hit.quote);
    assert.notEqual(hit.quote, '');
  }
}

function valueAt(root: unknown, path: string): unknown {
  let at = root;
  for (const step of path.split('/').slice(1)) {
    const key = step.replaceAll('~1', '/').replaceAll('~0', '~');
    at = Array.isArray(at) ? at[Number(key)] : own(asObject(at), key);
  }
  return at;
}

const hostile: readonly ToolDefinition[] = [
  { name: 'delete_'.repeat(1500), description: 'Delete '.repeat(20_000) },
  { name: '__proto__', description: 'constructor toString hasOwnProperty', inputSchema: {} },
  { name: 'constructor', inputSchema: JSON.parse('{"properties":{"__proto__":{"enum":["x"]}}}') },
  { name: null, description: 7, title: [], inputSchema: 'no', annotations: [true] },
  { name: 'x', inputSchema: { properties: [1, 2], required: {}, enum: 3 } },
  { name: 'x', inputSchema: { properties: { action: { enum: [1, null, {}, 'delete_all'] } } } },
  { name: '💥🔥_delete_💣', description: '\u0000\ud800 Delete\u202e the \u{1F4A3}\nfile' },
  { name: 'ﬁle_ＤＥＬＥＴＥ', description: 'ＤＥＬＥＴＥ' },
  { name: 'a/b~c', inputSchema: { properties: { 'a/b~action': { enum: ['drop/it', 'get~it'] } } } },
  { name: ' ', description: '.'.repeat(10_000) },
  { name: 'Größe löschen', description: '['.repeat(9000) },
  { name: 'a'.repeat(10_000), description: `${'a_'.repeat(5000)} ${'-'.repeat(5000)}` },
];

describe('hostile definitions', () => {
  for (const [index, tool] of hostile.entries()) {
    test(`definition ${index} has an answer that quotes it`, () => {
      const server = {
        name: String(tool.name),
        toolNames: hostile.map((each) => String(each.name)),
      };
      const answer = classifyTool(tool, server);
      assert.ok(answer.sentence.length < 700);
      quotes(tool, answer);
    });
  }

  test('a schema of great depth and width is read within its bounds', () => {
    let schema: unknown = { enum: ['delete'] };
    for (let depth = 0; depth < 3000; depth += 1) schema = object({ action: schema });
    const wide: Record<string, unknown> = {};
    for (let index = 0; index < 20_000; index += 1) wide[`p${index}`] = text;
    assert.equal(classifyTool({ name: 'get_x', inputSchema: schema }, alone).category, 'Read');
    assert.equal(
      classifyTool({ name: 'get_x', inputSchema: object(wide) }, alone).category,
      'Read',
    );
  });

  test('the definition is not written to', () => {
    const inputSchema = Object.freeze(
      object({ action: Object.freeze({ enum: ['delete', 'get'] }) }),
    );
    const tool = Object.freeze({ name: 'x', inputSchema });
    const before = JSON.stringify(tool);
    classifyTool(tool, alone);
    assert.equal(JSON.stringify(tool), before);
  });
});

test('the same definition has the same answer', () => {
  for (const tool of hostile) {
    const first = classifyTool(tool, { name: 'Example', toolNames: [] });
    const second = classifyTool(structuredClone(tool), { name: 'Example', toolNames: [] });
    assert.deepEqual(first, second);
  }
});

test('the sentence quotes what decided', () => {
  assert.equal(
    of('delete_page', 'Delete a page').sentence,
    'Destructive, Critical risk: the name says “delete” and the description says “Delete”.',
  );
  assert.match(of('zorblax').sentence, /^Unclassified, High risk: neither/);
});

describe('labelled tools', () => {
  const path = new URL('../../../shared/labels/dev.jsonl', import.meta.url);
  const skip = existsSync(path) ? false : 'the labelled tools are not beside the repository';

  test('the measures reach their targets', { skip }, () => {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    // The file's lines have this shape; it is data of the project, not input.
    const found = measure(predict(lines.map((line) => JSON.parse(line) as LabelledTool)));
    assert.ok(found.accuracy >= 0.95, `accuracy ${found.accuracy}`);
    assert.ok(found.macroF1 >= 0.92, `macro-F1 ${found.macroF1}`);
    assert.ok(found.nonReadCalledRead <= 0.01, `non-Read ${found.nonReadCalledRead}`);
    assert.ok(found.criticalMissed <= 0.04, `Critical ${found.criticalMissed}`);
    assert.ok(found.recall.Execute >= 0.85, `Execute ${found.recall.Execute}`);
    assert.ok(found.recall.Financial >= 0.92, `Financial ${found.recall.Financial}`);
  });

  test('every hit quotes its definition', { skip }, () => {
    const lines = readFileSync(path, 'utf8').trim().split('\n');
    for (const { tool, classification } of predict(
      // The file's lines have this shape; it is data of the project, not input.
      lines.map((line) => JSON.parse(line) as LabelledTool),
    )) {
      quotes({ name: tool.tool, description: tool.description }, classification);
    }
  });
});
