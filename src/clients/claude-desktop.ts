import { oneTable, settingsFolder, type ClientKind } from './client.ts';

/** https://modelcontextprotocol.io/docs/develop/connect-local-servers */
export const claudeDesktop: ClientKind = {
  id: 'claude-desktop',
  name: 'Claude Desktop',
  format: 'json',
  places: (machine) => [`${settingsFolder(machine)}/Claude/claude_desktop_config.json`],
  tables: oneTable('mcpServers'),
  urlMembers: ['url'],
  headersMember: 'headers',
};
