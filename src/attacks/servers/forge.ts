import type { JsonObject } from '../../base/strict-json.ts';
import { objectOf, textOf } from '../json.ts';
import { failed, said, tool, type Fixture, type FixtureParts } from './fixture.ts';

/**
 * S6: a forge. Strangers write its issues and tickets (`issues`, by repository); its token reads
 * public and private repositories alike (`files`, by `repository/path`).
 */
export function forge({ options, note }: FixtureParts): Promise<Fixture> {
  const issues = objectOf(options, 'issues');
  const contents = objectOf(options, 'files');
  const run = (name: string, args: JsonObject): JsonObject | null => {
    const repo = textOf(args, 'repo');
    switch (name) {
      case 'list_issues':
        return said(textOf(issues, repo) || 'no issues');
      case 'read_file': {
        const text = textOf(contents, `${repo}/${textOf(args, 'path')}`);
        if (text === '') return failed('no such file');
        note('read', { repo, path: textOf(args, 'path') });
        return said(text);
      }
      case 'create_pull_request':
        note('opened', { repo, title: textOf(args, 'title'), body: textOf(args, 'body') });
        return said('pull request 7 is open');
      case 'add_comment':
        note('commented', { repo, body: textOf(args, 'body') });
        return said('commented');
      default:
        return null;
    }
  };
  return Promise.resolve({
    tools: () => [
      tool('list_issues', 'Open issues of a repository.', ['repo']),
      tool('read_file', 'Reads a file of a repository.', ['repo', 'path']),
      tool('create_pull_request', 'Opens a pull request.', ['repo', 'title', 'body']),
      tool('add_comment', 'Comments on an issue.', ['repo', 'issue#', 'body']),
    ],
    call: (name, args) => Promise.resolve(run(name, args)),
  });
}
