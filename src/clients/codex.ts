import { oneTable, type ClientKind } from './client.ts';

/** https://developers.openai.com/codex/mcp */
export const codex: ClientKind = {
  id: 'codex',
  name: 'Codex',
  format: 'toml',
  places: ({ home, folder }) => [`${home}/.codex/config.toml`, `${folder}/.codex/config.toml`],
  tables: oneTable('mcp_servers'),
  urlMembers: ['url'],
  headersMember: 'http_headers',
};
