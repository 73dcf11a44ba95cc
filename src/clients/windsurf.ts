import { oneTable, type ClientKind } from './client.ts';

/** https://docs.windsurf.com/windsurf/cascade/mcp */
export const windsurf: ClientKind = {
  id: 'windsurf',
  name: 'Windsurf',
  format: 'json',
  places: ({ home }) => [`${home}/.codeium/windsurf/mcp_config.json`],
  tables: oneTable('mcpServers'),
  urlMembers: ['serverUrl', 'url'],
  headersMember: 'headers',
};
