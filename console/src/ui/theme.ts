export type Theme = 'auto' | 'light' | 'dark';

const key = 'portcullis-theme';
const dark = matchMedia('(prefers-color-scheme: dark)');

export function theme(): Theme {
  const kept = localStorage.getItem(key);
  return kept === 'light' || kept === 'dark' ? kept : 'auto';
}

/** Puts a theme on the page and keeps the choice in this browser. */
export function setTheme(next: Theme): void {
  if (next === 'auto') localStorage.removeItem(key);
  else localStorage.setItem(key, next);
  tellServer(next);
  apply();
}

/** Pages that the gateway draws without a script follow the choice by a cookie. */
function tellServer(next: Theme): void {
  const age = next === 'auto' ? 0 : 31_536_000;
  document.cookie = `${key}=${next}; Path=/; SameSite=Strict; Max-Age=${age}`;
}

/** Follows the choice, or the system where none was made. */
export function apply(): void {
  const chosen = theme();
  const shown = chosen === 'auto' ? (dark.matches ? 'dark' : 'light') : chosen;
  document.documentElement.dataset['theme'] = shown;
}

export function followSystem(): void {
  dark.addEventListener('change', apply);
  apply();
}
