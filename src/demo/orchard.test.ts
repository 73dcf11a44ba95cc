import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { test } from 'node:test';
import type { JsonObject } from '../base/strict-json.ts';
import { createCalculator } from './calculator.ts';
import { createCallendar } from './callendar.ts';
import { createOrchard } from './orchard/server.ts';
import { createQasperai } from './qasperai.ts';
import { callTool, type DemoServer } from './server.ts';

const NOW_MS = Date.parse('2026-11-21T15:00:00Z');
const clock = { nowMs: () => NOW_MS, monotonicMs: () => 0 };

test('every tool has a handler and every handler a tool', () => {
  const counts = { callendar: 2, qasperai: 10, calculator: 9, orchard: 65 };
  const servers = [createCallendar(), createQasperai(), createCalculator(), createOrchard(clock)];
  for (const server of servers) {
    const names = server.tools.map((tool) => tool.name);
    assert.deepEqual(names.toSorted(), Object.keys(server.handlers).sort());
    assert.equal(names.length, counts[server.name as keyof typeof counts]);
  }
});

type Call = readonly [tool: string, args: JsonObject, wanted: RegExp];

/** Each row is one story on one machine: calls in order, and what each answer must say. */
const stories: readonly (readonly Call[])[] = [
  [
    [
      'calendar.search',
      { query: 'BUDGET', start: '2026-11-21', end: '2026-11-22' },
      /^.{0,20}event-1/,
    ],
    ['calendar.search', { query: 'budget', start: '2026-11-22', end: '2026-12-22' }, /event-4/],
    ['calendar.search', { query: 'budget', start: 'soon', end: 'later' }, /must be ISO 8601/],
    ['calendar.today', {}, /Budget review/],
    [
      'calendar.list_events',
      { start: '2026-11-21', end: '2026-12-21', calendarId: 'cal-home' },
      /Dentist/,
    ],
    ['calendar.list_calendars', {}, /Holidays/],
  ],
  [
    ['mail.list_accounts', {}, /sam@office.example/],
    ['mail.unread_summary', { limit: 1 }, /"unread":2,"messages":\[\{"id":"message-1"[^{]*\]/],
    ['mail.search', { query: 'room 4', mailbox: 'all' }, /message-3.*"total":1/],
    ['mail.search', { query: 'ines', searchIn: 'subject' }, /"total":0/],
    ['mail.flagged', { limit: 1 }, /"total":2,"hasMore":true/],
    ['mail.read_message', { messageId: 'message-1', maxBodyLength: 9 }, /"body":"The sheet"/],
    ['mail.save_attachment', { messageId: 'message-1', index: 0 }, /forecast\.csv/],
    ['files.read', { path: 'Documents/forecast.csv' }, /Q2,1350/],
    ['mail.create_draft', { to: 'a@b.example', subject: 's', body: 'b' }, /"sent":false/],
  ],
  [
    ['reminders.today', {}, /reminder-1.*reminder-2/],
    ['reminders.list_lists', {}, /Errands/],
    ['reminders.create_list', { name: 'Garden' }, /list_/],
    ['reminders.create_list', { name: 'Garden' }, /exists already/],
    ['reminders.create_reminder', { list: 'Nowhere', title: 'x' }, /no such list/],
    [
      'reminders.create_reminder',
      { list: 'Garden', title: 'Water', due: '2026-11-21' },
      /reminder_/,
    ],
    ['reminders.list_reminders', { filter: 'dueToday' }, /Send the forecast.*Water/],
    ['reminders.complete_reminder', { id: 'reminder-1' }, /"completed":true/],
    ['reminders.list_reminders', { filter: 'overdue' }, /Buy stamps/],
    ['reminders.delete_list', { id: 'list-2' }, /holds 2 reminders/],
    ['reminders.delete_list', { id: 'list-2', force: true }, /"remindersDeleted":2/],
    ['reminders.list_reminders', { filter: 'overdue' }, /"reminders":\[\]/],
    ['reminders.delete_reminder', { id: 'reminder-1' }, /"deleted":true/],
    ['reminders.delete_reminder', { id: 'reminder-1' }, /no such reminder/],
  ],
  [
    ['files.list', {}, /Desktop/],
    ['files.search', { query: 'rfc 8785', kind: 'document' }, /reading list/],
    ['files.search', { query: '', kind: 'image' }, /"entries":\[\]/],
    ['files.create_folder', { path: '~/Archive/2026' }, /"created":2/],
    ['files.copy', { source: 'Documents', destination: 'Archive/2026/Documents' }, /Archive/],
    ['files.read', { path: '~/Archive/2026/Documents/notes.txt' }, /Room 4/],
    [
      'files.move',
      { operations: [{ source: 'Desktop/todo.txt', destination: 'done.txt' }] },
      /done/,
    ],
    ['files.info', { path: 'Desktop/todo.txt' }, /no such file/],
    ['files.trash', { path: 'Archive' }, /notes\.txt/],
    ['files.info', { path: 'Archive/2026' }, /no such file/],
    ['files.read', { path: '../../etc/passwd' }, /must stay in the home folder/],
    ['files.copy', { source: '~', destination: 'x' }, /no such file/],
    ['files.copy', { source: 'Documents', destination: 'Documents/x' }, /cannot hold itself/],
  ],
  [
    ['numbers.search', { query: 'q2' }, /forecast\.numbers/],
    [
      'numbers.read',
      { file: 'Documents/forecast.numbers', range: 'A2:B3' },
      /\[\["Q1",1200\],\["Q2",1350\]\]/,
    ],
    ['numbers.get_formulas', { file: 'Documents/forecast.numbers' }, /"B4":"=SUM\(B2:B3\)"/],
    [
      'numbers.write',
      { file: 'Documents/forecast.numbers', data: '[[1300]]', range: 'B2' },
      /"cells":1/,
    ],
    ['numbers.write', { file: 'Documents/forecast.numbers', data: '{}' }, /must be JSON rows/],
    ['numbers.export', { file: 'Documents/forecast.numbers', format: 'csv' }, /forecast\.csv/],
    ['files.read', { path: 'Documents/forecast.csv' }, /Q1,1300/],
    ['numbers.create', { file: 'new.numbers', data: '[["a,b"]]' }, /new\.numbers/],
    ['numbers.add_sheet', { file: 'new.numbers', name: 'Two' }, /Sheet 1.*Two/],
    ['numbers.remove_sheet', { file: 'new.numbers', name: 'Sheet 1' }, /\["Two"\]/],
    ['numbers.remove_sheet', { file: 'new.numbers', name: 'Two' }, /cannot be removed/],
    ['numbers.list_sheets', { file: 'new.numbers' }, /Two/],
    ['numbers.info', { file: 'Documents/plan.pages' }, /this is no spreadsheet/],
    ['numbers.info', { file: 'new.numbers' }, /"sheets":1/],
    ['numbers.read', { file: 'new.numbers', range: 'A1:ZZ99999' }, /too large/],
  ],
  [
    ['pages.search', { query: 'gate' }, /plan\.pages/],
    ['pages.list_sections', { file: 'Documents/plan.pages' }, /"preview":"Risks","words":1/],
    [
      'pages.find_replace',
      { file: 'Documents/plan.pages', find: 'the', replace: 'THE' },
      /"replaced":1/,
    ],
    ['pages.read', { file: 'Documents/plan.pages' }, /build THE gate.*know the old/],
    [
      'pages.find_replace',
      { file: 'Documents/plan.pages', find: 'x?', replace: '' },
      /"replaced":0/,
    ],
    ['pages.insert_table', { file: 'Documents/plan.pages', data: '[["a",1]]' }, /"cells":2/],
    ['pages.export', { file: 'Documents/plan.pages', format: 'txt' }, /plan\.txt/],
    ['pages.write', { file: 'Documents/plan.pages', text: 'new words' }, /"characters":9/],
    ['pages.info', { file: 'Documents/plan.pages' }, /"words":2/],
    ['pages.create', { file: 'Documents/plan.pages' }, /already/],
  ],
  [
    ['keynote.search', { query: 'moat' }, /kick-off\.key/],
    ['keynote.list_themes', {}, /Paper/],
    ['keynote.create', { file: 'deck.key', theme: 'Neon' }, /no such theme/],
    ['keynote.create', { file: 'deck.key' }, /deck\.key/],
    ['keynote.add_slide', { file: 'deck.key', title: 'One' }, /"slide":1/],
    ['keynote.add_slide', { file: 'deck.key', title: 'Two' }, /"slide":2/],
    ['keynote.reorder_slides', { file: 'deck.key', from: 2, to: 1 }, /Two.*One/],
    ['keynote.edit_slide', { file: 'deck.key', slide: 1, body: 'b' }, /"title":"Two","body":"b"/],
    ['keynote.read', { file: 'deck.key', slide: 3 }, /no such slide/],
    ['keynote.remove_slide', { file: 'deck.key', slide: 1 }, /"slides":1/],
    ['keynote.list_slides', { file: 'deck.key' }, /^(?!.*Two).*One/],
    ['keynote.export', { file: 'deck.key', format: 'pdf' }, /deck\.pdf/],
    ['keynote.info', { file: 'deck.key' }, /"theme":"Plain"/],
  ],
  [
    ['notes.list_folders', {}, /"name":"Ideas","account":"Private","notes":1/],
    ['notes.list_notes', { folder: 'Meetings' }, /^[^G]*Budget questions[^G]*$/],
    ['notes.search', { query: 'apple' }, /"notes":\[\]/],
    ['notes.search', { query: 'apple', searchIn: 'body' }, /Garden/],
    ['notes.read_note', { id: 'note-1' }, /Who signs/],
    ['contacts.list_groups', {}, /"name":"Family","members":1/],
    ['contacts.search', { query: '0152' }, /Jo Lindqvist/],
    ['contacts.read_contact', { id: 'contact-3' }, /1961-09-30/],
    ['system.doctor', {}, /ok/],
  ],
];

function answerOf(server: DemoServer, tool: string, args: JsonObject): string {
  const result = callTool(server, tool, args);
  const content = result?.['content'];
  return Array.isArray(content) ? content[0].text : 'no such tool';
}

test('orchard does what it says', () => {
  const told = new Set<string>();
  for (const story of stories) {
    const orchard = createOrchard(clock);
    for (const [tool, args, wanted] of story) {
      assert.match(answerOf(orchard, tool, args), wanted, `${tool} ${JSON.stringify(args)}`);
      told.add(tool);
    }
  }
  const untold = createOrchard(clock).tools.filter((tool) => !told.has(tool.name));
  assert.deepEqual(
    untold.map((tool) => tool.name),
    [],
  );
});

test('over stdio, both eras, and the process ends with its input', async (context) => {
  const child = spawn(process.execPath, ['src/demo/orchard.ts'], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  context.after(() => child.kill('SIGKILL'));
  const meta = {
    'io.modelcontextprotocol/protocolVersion': '2026-07-28',
    'io.modelcontextprotocol/clientCapabilities': {},
  };
  const search = { query: '', start: '2000-01-01', end: '2100-01-01' };
  const lines = [
    { jsonrpc: '2.0', id: 1, method: 'initialize', params: { protocolVersion: '2025-06-18' } },
    { jsonrpc: '2.0', method: 'notifications/initialized' },
    {
      jsonrpc: '2.0',
      id: 2,
      method: 'tools/call',
      params: { name: 'calendar.search', arguments: search },
    },
    { jsonrpc: '2.0', id: 3, method: 'tools/list', params: { _meta: meta } },
  ];
  child.stdin.write(lines.map((line) => `${JSON.stringify(line)}\n`).join(''));
  child.stdin.end('not json\n');
  let output = '';
  for await (const chunk of child.stdout) output += String(chunk);
  const answers = output
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line));
  assert.equal(answers.length, 4);
  assert.equal(answers[0].result.protocolVersion, '2025-06-18');
  assert.equal(answers[1].result.structuredContent.events.length, 5);
  assert.equal(answers[2].result.tools.length, 65);
  assert.equal(answers[2].result.resultType, 'complete');
  assert.equal(answers[3].error.code, -32700);
});
