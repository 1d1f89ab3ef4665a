/** Light or dark theme: the system's until the reader chooses one. */
import { byId } from './dom.ts';

const dark = matchMedia('(prefers-color-scheme: dark)');

function isDark(): boolean {
  const chosen = document.documentElement.dataset['theme'];
  return chosen === undefined ? dark.matches : chosen === 'dark';
}

/** Connects the toggle; `onChange` is called after every change of the colours, including for printing. */
export function startTheme(onChange: () => void): void {
  const toggle = byId('theme', HTMLButtonElement);
  const update = (): void => {
    if (toggle !== undefined) toggle.textContent = isDark() ? 'Light theme' : 'Dark theme';
    onChange();
  };
  toggle?.addEventListener('click', () => {
    document.documentElement.dataset['theme'] = isDark() ? 'light' : 'dark';
    update();
  });
  dark.addEventListener('change', update);
  // Paper is white, so that printing uses the light theme.
  let before: string | undefined;
  addEventListener('beforeprint', () => {
    before = document.documentElement.dataset['theme'];
    document.documentElement.dataset['theme'] = 'light';
    update();
  });
  addEventListener('afterprint', () => {
    if (before === undefined) delete document.documentElement.dataset['theme'];
    else document.documentElement.dataset['theme'] = before;
    update();
  });
  if (toggle !== undefined) toggle.hidden = false;
  update();
}
