import { oneTable, settingsFolder, type ClientKind } from './client.ts';

/** https://code.visualstudio.com/docs/copilot/customization/mcp-servers */
export const vsCode: ClientKind = {
  id: 'vs-code',
  name: 'VS Code',
  format: 'json',
  places: (machine) => [
    `${settingsFolder(machine)}/Code/User/mcp.json`,
    `${machine.folder}/.vscode/mcp.json`,
  ],
  tables: oneTable('servers'),
  urlMembers: ['url'],
  headersMember: 'headers',
};
