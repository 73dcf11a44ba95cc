import { oneTable, type ClientKind } from './client.ts';

/** https://geminicli.com/docs/tools/mcp-server */
export const geminiCli: ClientKind = {
  id: 'gemini-cli',
  name: 'Gemini CLI',
  format: 'json',
  places: ({ home, folder }) => [
    `${home}/.gemini/settings.json`,
    `${folder}/.gemini/settings.json`,
  ],
  tables: oneTable('mcpServers'),
  urlMembers: ['httpUrl', 'url'],
  headersMember: 'headers',
};
