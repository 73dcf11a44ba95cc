import type { ReactNode } from 'react';

import type { documentOf } from './document.ts';
import type { useCheck } from './use-check.ts';

/** What a document says of every tool. */
export function DocumentBar({
  document,
  readOnly,
  onField,
}: {
  readonly document: ReturnType<typeof documentOf>;
  readonly readOnly: boolean;
  readonly onField: (field: string, value: unknown) => void;
}): ReactNode {
  if (document === null) return null;
  return (
    <fieldset
      disabled={readOnly}
      className="flex flex-wrap items-center gap-x-4 gap-y-1 border-b border-line px-3 py-2 text-xs"
    >
      <label className="flex items-center gap-1.5">
        Everything else is
        <select
          className="rounded border border-line-strong bg-panel px-1 py-0.5"
          value={document['default'] === 'allow' ? 'allow' : 'deny'}
          onChange={(event) => onField('default', event.target.value)}
        >
          <option value="deny">denied</option>
          <option value="allow">allowed</option>
        </select>
      </label>
      <label className="flex items-center gap-1.5">
        <input
          type="checkbox"
          checked={document['hide_denied'] === true}
          onChange={(event) => onField('hide_denied', event.target.checked ? true : undefined)}
        />
        hide what is always denied
      </label>
      <label className="flex items-center gap-1.5">
        <input
          type="checkbox"
          checked={document['input_schema'] === 'enforce'}
          onChange={(event) =>
            onField('input_schema', event.target.checked ? 'enforce' : undefined)
          }
        />
        arguments must fit the tools' schemas
      </label>
    </fieldset>
  );
}

/** Problems and advice, each leading to its line. */
export function Remarks({
  remarks,
  onShow,
}: {
  readonly remarks: ReturnType<typeof useCheck>['remarks'];
  readonly onShow: (line: number) => void;
}): ReactNode {
  if (remarks.length === 0) return null;
  return (
    <ul
      aria-label="Problems and advice"
      className="max-h-32 shrink-0 overflow-y-auto border-t border-line px-3 py-1.5 text-xs"
    >
      {remarks.map((remark, index) => (
        <li key={index}>
          <button
            type="button"
            className="flex w-full gap-2 py-0.5 text-left hover:underline"
            onClick={() => onShow(remark.line)}
          >
            <span className={remark.severity === 'error' ? 'text-bad' : 'text-warn'}>
              {remark.severity === 'error' ? 'problem' : 'advice'}
            </span>
            <span className="text-soft">line {remark.line}</span>
            <span>
              {remark.message}
              {remark.hint === null ? '' : ` – ${remark.hint}`}
            </span>
          </button>
        </li>
      ))}
    </ul>
  );
}
