import { open, type FileHandle } from 'node:fs/promises';
import { err, ok, type Result } from '../base/result.ts';
import { scanJson, type JsonProblem, type JsonText } from '../base/strict-json.ts';
import { placeAt, type ConfigProblem } from './problem.ts';

/** Bytes of one file. */
const bytesMax = 8_388_608;

/** A file that passed the strict scan, and when it was last changed. */
export interface ReadFile {
  readonly text: JsonText;
  /** Milliseconds since the Unix epoch. */
  readonly changedMs: number;
}

/** Why a file was not read. */
export interface UnreadFile {
  readonly problem: ConfigProblem;
  /** Whether there is a file to show the problem in. */
  readonly readable: boolean;
}

/** Reads a JSON file as strictly as a message of a client. */
export async function readJsonFile(path: string): Promise<Result<ReadFile, UnreadFile>> {
  const read = await readBytes(path).then(ok, (error: unknown) => err(reasonOf(error)));
  if (!read.ok) {
    const [message, hint] = read.error;
    const problem = { file: path, pointer: '', line: 1, column: 1, message, hint };
    return err({ problem, readable: false });
  }
  const { bytes, changedMs } = read.value;
  const limits = { bytesMax, depthMax: 64, valuesMax: 500_000, stringMax: bytesMax };
  const scanned = scanJson(bytes, limits);
  if (!scanned.ok) {
    return err({ problem: scanProblem(path, bytes, scanned.error), readable: true });
  }
  return ok({ text: scanned.value, changedMs });
}

async function readBytes(path: string): Promise<{ bytes: Uint8Array; changedMs: number }> {
  const file = await open(path);
  const read = readOpen(file);
  await read.catch(() => null);
  await file.close();
  return read;
}

async function readOpen(file: FileHandle): Promise<{ bytes: Uint8Array; changedMs: number }> {
  const { mtimeMs } = await file.stat();
  const chunks: Buffer[] = [];
  // What is read beyond the bound tells a file that is longer.
  for (let length = 0; length <= bytesMax;) {
    const { bytesRead, buffer } = await file.read(Buffer.alloc(65_536));
    if (bytesRead === 0) break;
    chunks.push(buffer.subarray(0, bytesRead));
    length += bytesRead;
  }
  return { bytes: Buffer.concat(chunks), changedMs: Math.floor(mtimeMs) };
}

const systemReasons: Readonly<Record<string, readonly [string, string]>> = {
  ENOENT: ['there is no such file', 'check the name, and the folder it is relative to'],
  EACCES: ['the file may not be read', 'give this user the right to read it'],
  EPERM: ['the file may not be read', 'give this user the right to read it'],
  EISDIR: ['this is a folder, not a file', 'name the file in it'],
  ENOTDIR: ['a part of this path is a file, not a folder', 'check the path'],
  ELOOP: ['this path leads in a circle of links', 'check the links'],
};

function reasonOf(error: unknown): readonly [string, string | null] {
  const code = error instanceof Error && 'code' in error ? String(error.code) : '';
  return systemReasons[code] ?? [`the file cannot be read (${code})`, null];
}

const scanMessages: Readonly<Record<JsonProblem['code'], readonly [string, string | null]>> = {
  'too-large': [`the file is longer than ${bytesMax} bytes`, 'keep policies in files of their own'],
  'too-deep': ['this nests deeper than 64 levels', null],
  'too-many-values': ['the file holds more than 500000 values', null],
  'string-too-long': ['this string is too long', null],
  'byte-order-mark': ['the file starts with a byte order mark', 'save it as UTF-8 without one'],
  'invalid-utf8': ['this is not UTF-8', 'save the file as UTF-8'],
  'lone-surrogate': [
    'this is half of a character',
    'write the whole pair, or the character itself',
  ],
  'nul-in-key': ['a key holds NUL', 'leave it out'],
  'duplicate-key': ['this key is here twice', 'keep one of the two'],
  'prototype-key': ['`__proto__` is no name here', 'choose another'],
  syntax: ['this is not JSON', 'look for a missing comma, quote or bracket just before'],
};

function scanProblem(path: string, bytes: Uint8Array, problem: JsonProblem): ConfigProblem {
  const text = new TextDecoder().decode(bytes);
  // The offset of bad UTF-8 counts bytes: what stands before it is sound.
  const offset =
    problem.code === 'invalid-utf8'
      ? new TextDecoder().decode(bytes.subarray(0, problem.offset)).length
      : problem.offset;
  const place = problem.code === 'too-large' ? { line: 1, column: 1 } : placeAt(text, offset);
  const [message, hint] = messageOf(text, offset, problem);
  return { file: path, pointer: '', ...place, message, hint };
}

function messageOf(
  text: string,
  offset: number,
  problem: JsonProblem,
): readonly [string, string | null] {
  if (problem.code !== 'syntax') return scanMessages[problem.code];
  const found = text.charAt(offset);
  if (text.trim() === '') return ['the file is empty', 'write `{ "servers": {} }` to begin with'];
  if (found === '/' || found === '#') {
    return ['JSON has no comments', 'leave it out, or say it in a `description`'];
  }
  if (found === "'") return ['strings stand between double quotes', null];
  if ((found === '}' || found === ']') && /,\s*$/.test(text.slice(0, offset))) {
    return [`there is a comma before \`${found}\``, 'leave the last comma out'];
  }
  if (offset >= text.length) return ['the file ends too early', 'close every brace and bracket'];
  return scanMessages.syntax;
}
