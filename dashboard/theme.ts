import { signal } from '@preact/signals'

const STORED = 'short-circuit-theme'

export const theme = signal(localStorage.getItem(STORED) ?? '')
apply()

function apply(): void {
  if (theme.value === '') delete document.documentElement.dataset['theme']
  else document.documentElement.dataset['theme'] = theme.value
}

/** The other one than what is seen. */
export function switchTheme(): void {
  const seen =
    theme.value || (matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light')
  theme.value = seen === 'dark' ? 'light' : 'dark'
  localStorage.setItem(STORED, theme.value)
  apply()
}
