import { claudeCode } from './claude-code.ts';
import { claudeDesktop } from './claude-desktop.ts';
import type { ClientKind } from './client.ts';
import { codex } from './codex.ts';
import { cursor } from './cursor.ts';
import { geminiCli } from './gemini-cli.ts';
import { vsCode } from './vs-code.ts';
import { windsurf } from './windsurf.ts';
import { zed } from './zed.ts';

/** Every client whose configuration is known. */
export const clients: readonly ClientKind[] = [
  claudeDesktop,
  claudeCode,
  cursor,
  vsCode,
  windsurf,
  codex,
  geminiCli,
  zed,
];
