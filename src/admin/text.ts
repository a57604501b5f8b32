/** `4 min 15 s`: the two largest units. */
export function span(ms: number): string {
  const seconds = Math.max(0, Math.ceil(ms / 1_000))
  const units: readonly (readonly [number, string])[] = [
    [Math.floor(seconds / 86_400), 'd'],
    [Math.floor(seconds / 3_600) % 24, 'h'],
    [Math.floor(seconds / 60) % 60, 'min'],
    [seconds % 60, 's'],
  ]
  const first = units.findIndex(([amount]) => amount > 0)
  if (first === -1) return '0 s'
  return units
    .slice(first, first + 2)
    .filter(([amount]) => amount > 0)
    .map(([amount, unit]) => `${amount} ${unit}`)
    .join(' ')
}

/** The first part of a text that is too long, whole clauses if possible. */
export function shorten(text: string, most: number): string {
  if (text.length <= most) return text
  const start = text.slice(0, most - 1)
  const clause = Math.max(...[', ', '; ', ' ('].map((end) => start.lastIndexOf(end)))
  if (clause > most / 3) return start.slice(0, clause)
  return `${start.slice(0, Math.max(start.lastIndexOf(' '), most / 2)).trimEnd()}…`
}

/** Control characters, among them those that change the direction of what follows, and halves of characters. */
const CONTROL = /[\p{Cc}\p{Cs}\u061C\u200E\u200F\u2028-\u202E\u2066-\u2069]/u

export function hasControl(text: string): boolean {
  return CONTROL.test(text)
}

/** Longer names are not compared: that takes the square of the time. */
const LONGEST = 100
/** So much is compared: about three milliseconds. */
const MOST_STEPS = 300_000

/** The names that were most likely meant, nearest first: at most three. */
export function nearest(name: string, names: Iterable<string>): string[] {
  const found: { readonly name: string; readonly distance: number }[] = []
  const limit = Math.max(1, Math.floor(name.length / 3))
  let left = MOST_STEPS
  for (const other of names) {
    if (left <= 0 || name.length > LONGEST) break
    left -= 10
    if (other.length > LONGEST || Math.abs(other.length - name.length) > limit) continue
    left -= name.length * other.length
    const distance = editDistance(name.toLowerCase(), other.toLowerCase())
    if (distance <= limit) found.push({ name: other, distance })
  }
  return found
    .sort((a, b) => a.distance - b.distance)
    .slice(0, 3)
    .map(({ name }) => name)
}

/** How many characters must be inserted, deleted, replaced or swapped with the next. */
function editDistance(a: string, b: string): number {
  let before: number[] = []
  let row = Array.from({ length: b.length + 1 }, (_, j) => j)
  for (let i = 1; i <= a.length; i++) {
    const next = [i]
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1]
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1]
      next[j] = Math.min(
        (row[j] as number) + 1,
        (next[j - 1] as number) + 1,
        (row[j - 1] as number) + (same ? 0 : 1),
        swapped ? (before[j - 2] as number) + 1 : Infinity,
      )
    }
    before = row
    row = next
  }
  return row[b.length] as number
}
