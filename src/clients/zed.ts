import { oneTable, settingsFolder, type ClientKind } from './client.ts';

/** https://zed.dev/docs/ai/mcp */
export const zed: ClientKind = {
  id: 'zed',
  name: 'Zed',
  format: 'json',
  places: (machine) => [
    machine.platform === 'win32'
      ? `${settingsFolder(machine)}/Zed/settings.json`
      : `${machine.configHome ?? `${machine.home}/.config`}/zed/settings.json`,
    `${machine.folder}/.zed/settings.json`,
  ],
  tables: oneTable('context_servers'),
  urlMembers: ['url'],
  headersMember: 'headers',
};
