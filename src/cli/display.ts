/** Wide characters take two columns of a terminal, marks none. */
const WIDE =
  /[\u1100-\u115F\u2E80-\uA4CF\uAC00-\uD7A3\uF900-\uFAFF\uFE30-\uFE6F\uFF00-\uFF60\uFFE0-\uFFE6]|\p{Emoji_Presentation}/u
const MARK = /\p{Mark}|[\u200B-\u200D]|\uFE0F/u

export function width(text: string): number {
  let columns = 0
  for (const character of text) {
    if (!MARK.test(character)) columns += WIDE.test(character) ? 2 : 1
  }
  return columns
}

/** Control characters as symbols: a name must not move the cursor, nor turn the text round. */
export function visible(text: string): string {
  return text.replace(/[\p{Cc}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/gu, (character) => {
    const code = character.charCodeAt(0)
    if (code < 0x20) return String.fromCharCode(0x2400 + code)
    return code === 0x7f ? '\u2421' : '\uFFFD'
  })
}

export function padEnd(text: string, columns: number): string {
  return text + ' '.repeat(Math.max(0, columns - width(text)))
}

export function padStart(text: string, columns: number): string {
  return ' '.repeat(Math.max(0, columns - width(text))) + text
}

/** Cut to so many columns, with an ellipsis if anything is cut. */
export function cut(text: string, columns: number): string {
  if (width(text) <= columns) return text
  let result = ''
  let used = 1
  for (const character of text) {
    used += width(character)
    if (used > columns) break
    result += character
  }
  return `${result}…`
}

/** `4m15s`, `1d11h`. */
export function age(ms: number): string {
  const seconds = Math.max(0, Math.floor(ms / 1_000))
  const [d, h, m, s] = [
    Math.floor(seconds / 86_400),
    Math.floor(seconds / 3_600) % 24,
    Math.floor(seconds / 60) % 60,
    seconds % 60,
  ] as const
  const two = (n: number): string => String(n).padStart(2, '0')
  if (d > 0) return `${d}d${two(h)}h`
  if (h > 0) return `${h}h${two(m)}m`
  return m > 0 ? `${m}m${two(s)}s` : `${s}s`
}

export function perSecond(calls: number): string {
  if (calls === 0) return '0'
  return `${calls < 10 ? Math.round(calls * 10) / 10 : Math.round(calls)}/s`
}

export function share(value: number | null): string {
  if (value === null) return '–'
  const percent = value * 100
  return `${percent < 1 && percent > 0 ? Math.round(percent * 10) / 10 : Math.round(percent)} %`
}

export function milliseconds(value: number | null): string {
  if (value === null) return '–'
  return value < 1_000 ? `${Math.round(value)}ms` : `${(value / 1_000).toFixed(2)}s`
}

/** The time of day, as it is where the command runs. */
export function clockTime(at: number): string {
  return new Date(at).toTimeString().slice(0, 8)
}

export type Style = 'red' | 'yellow' | 'green' | 'magenta' | 'dim' | 'bold' | 'inverse'
const CODES: Readonly<Record<Style, readonly [number, number]>> = {
  red: [31, 39],
  yellow: [33, 39],
  green: [32, 39],
  magenta: [35, 39],
  dim: [2, 22],
  bold: [1, 22],
  inverse: [7, 27],
}

/** Colours text, or not. Only the colours that terminals let their users choose. */
export type Paint = (style: Style, text: string) => string

export function painter(isColored: boolean): Paint {
  return (style, text) => {
    const [on, off] = CODES[style]
    return isColored && text !== '' ? `\u001B[${on}m${text}\u001B[${off}m` : text
  }
}

/** With a capital letter. */
export function sentence(text: string): string {
  return text.charAt(0).toUpperCase() + text.slice(1)
}
