import { oneTable, type ClientKind } from './client.ts';

/** https://cursor.com/docs/context/mcp */
export const cursor: ClientKind = {
  id: 'cursor',
  name: 'Cursor',
  format: 'json',
  places: ({ home, folder }) => [`${home}/.cursor/mcp.json`, `${folder}/.cursor/mcp.json`],
  tables: oneTable('mcpServers'),
  urlMembers: ['url'],
  headersMember: 'headers',
};
