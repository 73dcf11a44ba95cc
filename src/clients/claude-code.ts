import { isThere, memberAt, type ClientKind } from './client.ts';

/** https://code.claude.com/docs/en/mcp: for the user, for one project of theirs, or in the project. */
export const claudeCode: ClientKind = {
  id: 'claude-code',
  name: 'Claude Code',
  format: 'json',
  places: ({ home, folder }) => [`${home}/.claude.json`, `${folder}/.mcp.json`],
  tables: (root) => {
    const projects = Object.keys(memberAt(root, ['projects']) ?? {});
    const paths = [
      ['mcpServers'],
      ...projects.map((project) => ['projects', project, 'mcpServers']),
    ];
    return paths.filter((path) => isThere(root, path));
  },
  urlMembers: ['url'],
  headersMember: 'headers',
};
