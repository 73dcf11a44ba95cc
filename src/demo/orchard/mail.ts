import { newId } from '../../base/id.ts';
import { err, ok, type Result } from '../../base/result.ts';
import type { JsonObject } from '../../base/strict-json.ts';
import { number, text } from '../arguments.ts';
import type { Handlers } from '../server.ts';
import data from './data.json' with { type: 'json' };
import { put } from './paths.ts';
import { ENTRIES_MAX, type Message, type World } from './world.ts';

/** The mail tools. Nothing can be sent: drafts stay in memory. */
export function mailHandlers(world: World): Handlers {
  return {
    'mail.list_accounts': () => ok({ accounts: data.accounts }),
    'mail.unread_summary': (args) => ok({ accounts: unread(world, number(args, 'limit', 10)) }),
    'mail.search': (args) =>
      page(
        world.messages.filter((one) => matches(one, args)),
        args,
      ),
    'mail.flagged': (args) =>
      page(
        world.messages.filter((one) => one.flagged),
        args,
      ),
    'mail.read_message': (args) => readMessage(world, args),
    'mail.create_draft': (args) => createDraft(world, args),
    'mail.save_attachment': (args) => saveAttachment(world, args),
  };
}

function unread(world: World, limit: number): readonly JsonObject[] {
  return data.accounts.map(({ name }) => {
    const messages = world.messages.filter((one) => one.account === name && one.unread);
    return {
      account: name,
      unread: messages.length,
      messages: messages.slice(0, limit).map(header),
    };
  });
}

function header({ id, account, mailbox, subject, sender, date }: Message): JsonObject {
  return { id, account, mailbox, subject, sender, date };
}

function matches(message: Message, args: JsonObject): boolean {
  const account = text(args, 'account');
  const mailbox = text(args, 'mailbox', 'inbox').toLowerCase();
  if (account !== '' && message.account !== account) return false;
  if (mailbox !== 'all' && message.mailbox !== mailbox) return false;
  const field = text(args, 'searchIn', 'all');
  const searched = {
    subject: [message.subject],
    sender: [message.sender],
    body: [message.body],
  }[field] ?? [message.subject, message.sender, message.body];
  const query = text(args, 'query').toLowerCase();
  return searched.some((one) => one.toLowerCase().includes(query));
}

function page(found: readonly Message[], args: JsonObject): Result<JsonObject, string> {
  const offset = number(args, 'offset', 0);
  const end = offset + number(args, 'limit', 20);
  const messages = found.slice(offset, end).map(header);
  return ok({ messages, total: found.length, hasMore: end < found.length });
}

function find(world: World, args: JsonObject): Result<Message, string> {
  const found = world.messages.find((one) => one.id === text(args, 'messageId'));
  return found === undefined ? err('no such message: search first') : ok(found);
}

function readMessage(world: World, args: JsonObject): Result<JsonObject, string> {
  const found = find(world, args);
  if (!found.ok) return found;
  const { to, body, attachments } = found.value;
  const max = number(args, 'maxBodyLength', 4000);
  return ok({
    ...header(found.value),
    to,
    body: max === 0 ? body : body.slice(0, max),
    attachments: attachments.map(({ name, text: content }, index) => ({
      index,
      name,
      bytes: content.length,
    })),
  });
}

function createDraft(world: World, args: JsonObject): Result<JsonObject, string> {
  if (world.drafts.length >= ENTRIES_MAX) return err('the demo keeps no more drafts');
  const draft = {
    id: newId('draft_'),
    from: text(args, 'account', data.accounts[0]?.address),
    to: text(args, 'to'),
    cc: text(args, 'cc'),
    bcc: text(args, 'bcc'),
    subject: text(args, 'subject'),
    body: text(args, 'body'),
  };
  world.drafts.push(draft);
  return ok({ draft, sent: false });
}

function saveAttachment(world: World, args: JsonObject): Result<JsonObject, string> {
  const found = find(world, args);
  if (!found.ok) return found;
  const attachment = found.value.attachments[number(args, 'index', 0)];
  if (attachment === undefined) return err('the message has no such attachment');
  const path = `${text(args, 'path', '~/Documents')}/${attachment.name}`;
  const saved = put(world, path, { kind: 'text', text: attachment.text });
  return saved.ok ? ok({ path: saved.value }) : saved;
}
