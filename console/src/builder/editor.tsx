import { autocompletion, closeBrackets, completionKeymap } from '@codemirror/autocomplete';
import { defaultKeymap, indentWithTab } from '@codemirror/commands';
import { json } from '@codemirror/lang-json';
import {
  bracketMatching,
  HighlightStyle,
  indentOnInput,
  syntaxHighlighting,
} from '@codemirror/language';
import { lintGutter, setDiagnostics, type Diagnostic } from '@codemirror/lint';
import { EditorState } from '@codemirror/state';
import {
  drawSelection,
  EditorView,
  highlightActiveLine,
  hoverTooltip,
  keymap,
  lineNumbers,
} from '@codemirror/view';
import { tags } from '@lezer/highlight';
import { useEffect, useRef, type ReactNode } from 'react';

import { completeFrom, hintAt } from './schema-help.ts';

/** A problem or advice with its place in the text. */
export interface Remark {
  readonly line: number;
  readonly column: number;
  readonly message: string;
  readonly hint: string | null;
  readonly severity: 'error' | 'warning';
}

interface EditorProps {
  readonly text: string;
  readonly readOnly: boolean;
  readonly remarks: readonly Remark[];
  /** A line to show and mark, counted from 0; it changes when another is asked for. */
  readonly show: { readonly line: number } | null;
  readonly onText: (text: string) => void;
  readonly onUndo: () => void;
  readonly onRedo: () => void;
}

/** The document as text, with completion, hints and remarks. Undo is the page's own. */
export function Editor({
  text,
  readOnly,
  remarks,
  show,
  onText,
  onUndo,
  onRedo,
}: EditorProps): ReactNode {
  const place = useRef<HTMLDivElement>(null);
  const view = useRef<EditorView | null>(null);
  const act = useRef({ onText, onUndo, onRedo });
  act.current = { onText, onUndo, onRedo };
  useEffect(() => {
    const element = place.current;
    if (element === null) return undefined;
    // In a shadow root styles are adopted: the security policy allows none that stand in the page.
    const root = element.shadowRoot ?? element.attachShadow({ mode: 'open' });
    const made = new EditorView({
      parent: root,
      root,
      state: EditorState.create({
        doc: '',
        extensions: [
          lineNumbers(),
          drawSelection(),
          highlightActiveLine(),
          indentOnInput(),
          bracketMatching(),
          closeBrackets(),
          json(),
          lintGutter(),
          syntaxHighlighting(colours),
          EditorState.readOnly.of(readOnly),
          EditorView.editable.of(!readOnly),
          EditorView.contentAttributes.of({ 'aria-label': 'Policy document', tabindex: '0' }),
          EditorView.lineWrapping,
          autocompletion({ override: [completeFrom] }),
          hoverTooltip(hintAt),
          keymap.of([
            { key: 'Mod-z', run: () => done(act.current.onUndo), preventDefault: true },
            { key: 'Mod-Shift-z', run: () => done(act.current.onRedo), preventDefault: true },
            { key: 'Mod-y', run: () => done(act.current.onRedo), preventDefault: true },
            ...completionKeymap,
            ...defaultKeymap,
            indentWithTab,
          ]),
          EditorView.updateListener.of((update) => {
            const typed = update.transactions.some(
              (one) =>
                one.isUserEvent('input') || one.isUserEvent('delete') || one.isUserEvent('move'),
            );
            if (update.docChanged && typed) act.current.onText(update.state.doc.toString());
          }),
          look,
        ],
      }),
    });
    view.current = made;
    return () => {
      made.destroy();
      view.current = null;
    };
  }, [readOnly]);
  useEffect(() => {
    const made = view.current;
    if (made === null || made.state.doc.toString() === text) return;
    const change = changeBetween(made.state.doc.toString(), text);
    made.dispatch({ changes: change });
  }, [text, readOnly]);
  useEffect(() => {
    const made = view.current;
    if (made === null) return;
    made.dispatch(setDiagnostics(made.state, diagnosticsOf(made.state, remarks)));
  }, [remarks, text, readOnly]);
  useEffect(() => {
    const made = view.current;
    if (made === null || show === null) return;
    const line = made.state.doc.line(Math.min(made.state.doc.lines, show.line + 1));
    made.dispatch({
      selection: { anchor: line.from },
      effects: EditorView.scrollIntoView(line.from, { y: 'center' }),
    });
  }, [show]);
  return <div ref={place} className="h-full min-h-0 overflow-hidden" />;
}

function done(run: () => void): true {
  run();
  return true;
}

/** The one stretch that differs, so that the cursor stays where it was. */
function changeBetween(
  before: string,
  after: string,
): { from: number; to: number; insert: string } {
  let from = 0;
  const most = Math.min(before.length, after.length);
  while (from < most && before.charCodeAt(from) === after.charCodeAt(from)) from += 1;
  let end = 0;
  while (
    end < most - from &&
    before.charCodeAt(before.length - 1 - end) === after.charCodeAt(after.length - 1 - end)
  )
    end += 1;
  return { from, to: before.length - end, insert: after.slice(from, after.length - end) };
}

function diagnosticsOf(state: EditorState, remarks: readonly Remark[]): Diagnostic[] {
  return remarks.map(({ line, column, message, hint, severity }) => {
    const at = state.doc.line(Math.max(1, Math.min(state.doc.lines, line)));
    const from = Math.min(at.to, at.from + Math.max(0, column - 1));
    return { from, to: at.to, severity, message: hint === null ? message : `${message}: ${hint}` };
  });
}

const colours = HighlightStyle.define([
  { tag: tags.propertyName, color: 'var(--accent)' },
  { tag: tags.string, color: 'var(--good)' },
  { tag: tags.number, color: 'var(--violet)' },
  { tag: [tags.bool, tags.null], color: 'var(--warn)' },
]);

const look = EditorView.theme({
  '&': { height: '100%', fontSize: '12.5px', color: 'var(--ink)', backgroundColor: 'var(--panel)' },
  '&.cm-focused': { outline: '2px solid var(--accent)', outlineOffset: '-2px' },
  '.cm-scroller': { fontFamily: 'ui-monospace, "Liberation Mono", monospace', lineHeight: '1.55' },
  '.cm-gutters': { backgroundColor: 'var(--paper)', color: 'var(--soft)', border: 'none' },
  '.cm-activeLine, .cm-activeLineGutter': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 8%, transparent)',
  },
  '.cm-cursor': { borderLeftColor: 'var(--ink)' },
  '&.cm-focused .cm-selectionBackground, .cm-selectionBackground': {
    backgroundColor: 'color-mix(in srgb, var(--accent) 25%, transparent) !important',
  },
  '.cm-tooltip': {
    backgroundColor: 'var(--raised)',
    color: 'var(--ink)',
    border: '1px solid var(--line-strong)',
    borderRadius: '6px',
    maxWidth: '34rem',
  },
  '.cm-tooltip-autocomplete ul li[aria-selected]': {
    backgroundColor: 'var(--accent)',
    color: 'var(--accent-ink)',
  },
  '.cm-hint': { padding: '6px 10px', fontSize: '12px' },
});
