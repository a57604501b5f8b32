interface Text {
  readonly row: number
  readonly column: number
  readonly text: string
  /** When it is shown: from that part of a round on, for that part of it. */
  readonly from: number
  readonly share: number
  /** Whether it is there where nothing moves. */
  readonly still: boolean
}

/** Reads a recording, and says what it shows and when. */
export class Playback {
  readonly lengthMs: number
  readonly #texts: Text[] = []

  constructor(svg: string) {
    this.lengthMs = Number(/animation-duration:([\d.]+)s/.exec(svg)?.[1]) * 1_000
    const keyframes = svg.matchAll(/@keyframes (t\d+)\{0%\{visibility:visible\}([\d.]+)%,/g)
    const shares = new Map(
      Array.from(keyframes, ([, name = '', share]) => [name, Number(share) / 100]),
    )
    const groups = /<g class="(t\d+)( z)?" style="animation-delay:(-?[\d.]+)s">(.*?)<\/g>/g
    for (const [, name = '', last, delay, content = ''] of svg.matchAll(groups)) {
      const share = shares.get(name) ?? Number.NaN
      const from = (Number(delay) * 1_000) / this.lengthMs
      this.#read(content, { share, from, still: last !== undefined })
    }
    this.#read(svg.replaceAll(groups, ''), { share: 1, from: 0, still: true })
  }

  /** The texts on the screen at a moment of the first or any other round, line by line. */
  screenAt(ms: number): string {
    const at = ms / this.lengthMs
    return screenOf(this.#texts.filter(({ from, share }) => (at - from) % 1 < share))
  }

  /** What is on the screen where nothing moves. */
  still(): string {
    return screenOf(this.#texts.filter(({ still }) => still))
  }

  #read(content: string, time: Pick<Text, 'from' | 'share' | 'still'>): void {
    const texts = content.matchAll(/<text[^>]* x="(\d+)" y="([\d.]+)"[^>]*>([^<]*)<\/text>/g)
    for (const [, x, y, text = ''] of texts) {
      const row = Math.floor(Number(y) / 17)
      this.#texts.push({ ...time, row, column: Number(x) / 8, text: plain(text) })
    }
  }
}

function screenOf(texts: readonly Text[]): string {
  const lines: string[][] = []
  for (const { row, column, text } of texts) {
    lines[row] ??= []
    Array.from(text).forEach((character, index) => {
      if (character !== ' ') (lines[row] as string[])[column + index] = character
    })
  }
  return Array.from(lines, (line = []) => Array.from(line, (one = ' ') => one).join('')).join('\n')
}

function plain(text: string): string {
  return text.replaceAll('&lt;', '<').replaceAll('&quot;', '"').replaceAll('&amp;', '&')
}

/** An element as it is written. */
export interface Element {
  readonly name: string
  readonly attributes: Readonly<Record<string, string>>
}

/**
 * The elements of a document in their order.
 *
 * @throws Error where it is not well-formed, or has anything but elements and text
 */
export function elementsOf(svg: string): Element[] {
  const tags = /<(\/?)([a-z]+)((?: [a-zA-Z-]+="[^"<]*")*)(\/?)>/g
  const rest = svg.replaceAll(tags, '').replaceAll(/&(?:lt|quot|amp);/g, '')
  if (/[<&]/.test(rest)) throw new Error('there is something that is neither text nor an element')
  const elements: Element[] = []
  const within: string[] = []
  for (const [, closes, name = '', written = '', empty] of svg.matchAll(tags)) {
    if (closes) {
      if (within.pop() !== name) throw new Error(`</${name}> ends another element`)
      continue
    }
    const attributes = Array.from(
      written.matchAll(/([\w-]+)="([^"]*)"/g),
      ([, attribute, value]) => [attribute, value],
    )
    elements.push({ name, attributes: Object.fromEntries(attributes) })
    if (!empty) within.push(name)
  }
  if (within.length > 0) throw new Error(`<${within.at(-1)}> does not end`)
  return elements
}
