import { newId } from '../../base/id.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { numberOf, textOf } from '../json.ts';
import { failed, said, tool, type Fixture, type FixtureParts } from './fixture.ts';

/**
 * S8: a platform with apps, volumes whose backups go with them, and carts that belong to whoever
 * holds their handle. The same deletion is served outside of MCP to whoever has the token.
 */
export function cloud({ options, note }: FixtureParts): Promise<Fixture> {
  const token = textOf(options, 'token');
  const carts = new Map<string, string>();
  const volumes = new Map([
    ['vol-1', 'orders'],
    ['vol-2', 'scratch'],
  ]);
  const remove = (id: string, by: string): JsonObject => {
    if (!volumes.delete(id)) return failed('no such volume');
    note('deleted', { volume: id, backups: true, by });
    return said(`${id} and its backups are deleted`);
  };
  const run = (name: string, args: JsonObject): JsonObject | null => {
    switch (name) {
      case 'list_apps':
        return said(textOf(options, 'apps') || 'shop, owned by team@acme.example');
      case 'transfer_app':
        note('transferred', { app: textOf(args, 'app'), owner: textOf(args, 'owner') });
        return said('transferred');
      case 'list_volumes':
        return said(JSON.stringify([...volumes]));
      case 'delete_volume':
        return remove(textOf(args, 'volume'), 'mcp');
      case 'create_cart': {
        const handle = newId('cart_');
        carts.set(handle, textOf(args, 'address'));
        return said(handle);
      }
      case 'checkout': {
        const address = carts.get(textOf(args, 'cart'));
        if (address === undefined) return failed('no such cart');
        note('shipped', { to: textOf(args, 'address') || address, items: numberOf(args, 'items') });
        return said(`shipped; the cart belonged to ${address}`);
      }
      default:
        return null;
    }
  };
  return Promise.resolve({
    tools: () => [
      tool('list_apps', 'The apps of the team.'),
      tool('transfer_app', 'Gives an app to another owner.', ['app', 'owner']),
      tool('list_volumes', 'The volumes of the team.'),
      tool('delete_volume', 'Deletes a volume with its backups.', ['volume']),
      tool('create_cart', 'Opens a cart and answers with its handle.', ['address']),
      tool('checkout', 'Ships what is in a cart.', ['cart', 'address?', 'items#?']),
    ],
    call: (name, args) => Promise.resolve(run(name, args)),
    raw: ({ method, path, headers }) => {
      const volume = /^\/raw\/volumes\/([\w-]+)$/.exec(path)?.[1];
      if (method !== 'DELETE' || volume === undefined) return null;
      if (headers['authorization'] !== `Bearer ${token}`) return { status: 401, body: '{}' };
      remove(volume, 'the raw API');
      return { status: 200, body: '{"deleted":true}' };
    },
  });
}
