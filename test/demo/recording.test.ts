import { readFileSync, statSync } from 'node:fs'
import { join, resolve } from 'node:path'
import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest'
import { piecesOf, SHAPES } from '../../demo/pieces.ts'
import { type Recording, recorded, recordScreen, rest } from '../../demo/recording.ts'
import { type Line, span } from '../../demo/spans.ts'
import { drawRecording } from '../../demo/svg.ts'
import { plainLines } from './pictures.ts'
import { elementsOf, Playback } from './playback.ts'
import { drawAt } from './view.ts'

const root = resolve(import.meta.dirname, '../..')
const empty = (): Recording => ({ width: 20, everyMs: 100, frames: [] })
const line = (text: string): Line[] => [[span(text)]]

/** What of a screen is text: shapes are drawn. */
const wordsOf = (lines: readonly Line[]): string =>
  plainLines(lines)
    .map((text) => text.replaceAll(new RegExp(`[${SHAPES}]`, 'g'), ' ').trimEnd())
    .join('\n')
    .trimEnd()

describe('recordScreen', () => {
  beforeEach(() => {
    vi.useFakeTimers()
  })
  afterEach(() => {
    vi.useRealTimers()
  })

  it('keeps what the screen shows at equal intervals, and its end', () => {
    const recording = empty()
    const display = recordScreen(
      recording,
      () => performance.now(),
      () => line(`${performance.now()}`),
    )

    vi.advanceTimersByTime(250)
    display.stop()
    vi.advanceTimersByTime(1_000)

    expect(recording.frames.map((frame) => Number(plainLines(frame)[0]) >= 0)).toHaveLength(3)
    expect(recording.frames.at(-1)).toEqual(line('250'))
  })

  it('stands still while the process could not draw', () => {
    const recording = empty()
    let now = 0
    const display = recordScreen(
      recording,
      () => now,
      () => line(`${now}`),
    )
    now = 320
    display.stop()

    expect(recording.frames).toEqual([line('0'), line('0'), line('0'), line('320')])
  })

  it('rests on a screen for as long as it is asked to', () => {
    const recording = empty()
    rest(recording, line('end'), 300)

    expect(recording.frames).toEqual([line('end'), line('end'), line('end')])
  })
})

describe('piecesOf', () => {
  it('keeps a word for as long as it stands still, and each character of a band', () => {
    const frames = [line('open ▂'), line('open ▂▂'), line('shut ▂▂')]
    const pieces = piecesOf({ frames }).map(({ text, column, from, until }) => [
      text,
      column,
      from,
      until,
    ])

    expect(pieces).toEqual([
      ['open', 0, 0, 2],
      ['▂', 5, 0, 3],
      ['▂', 6, 1, 3],
      ['shut', 0, 2, 3],
    ])
  })

  it('takes a change of colour for a change', () => {
    const frames = [[[span('a', 'red')]], [[span('a', 'green')]]]

    expect(piecesOf({ frames })).toHaveLength(2)
  })
})

describe('drawRecording', () => {
  it('shows at every moment the words that the frame of that moment had, round after round', () => {
    const recording: Recording = { ...recorded, frames: [] }
    for (let now = 0; now <= 20_000; now += 500) recording.frames.push(drawAt(now, 100, 40))
    const playback = new Playback(drawRecording(recording, 'a run'))

    expect(playback.lengthMs).toBe(recording.frames.length * recorded.everyMs)
    recording.frames.forEach((frame, index) => {
      for (const round of [0, 1, 7]) {
        const at = round * playback.lengthMs + (index + 0.5) * recorded.everyMs
        expect(playback.screenAt(at).trimEnd()).toBe(wordsOf(frame))
      }
    })
  })

  it('stands still at its last frame where nothing may move', () => {
    const frames = [line('begins'), line('goes on'), line('ends')]
    const svg = drawRecording({ ...empty(), frames }, 'a run')

    expect(new Playback(svg).still()).toBe('ends')
    expect(svg).toMatch(/prefers-reduced-motion:reduce\)\{[^}]*animation:none/)
  })

  it.each([
    ['█', 'M8 0h8v17h-8z'],
    ['▄', 'M8 8.5h8v8.5h-8z'],
    ['▁', 'M8 14.88h8v2.13h-8z'],
    ['▌', 'M8 0h4v17h-4z'],
    ['░', 'M8 0h8v17h-8z'],
    ['───', 'M8 7.82h24v1.36h-24z'],
    ['··', 'M11 8h2v2h-2zM19 8h2v2h-2z'],
  ])('draws %s as a shape where its cells are', (text, path) => {
    const svg = drawRecording({ ...empty(), frames: [line(` ${text}`)] }, 'a run')

    const paths = elementsOf(svg).filter(({ name }) => name === 'path')
    expect(paths.map(({ attributes }) => attributes['d'])).toEqual([path])
  })

  it('draws failures on their background', () => {
    const frames = [[[span('××', ['whiteBright', 'bgRed'])]]]
    const elements = elementsOf(drawRecording({ ...empty(), frames }, 'a run'))
    const paths = elements.filter(({ name }) => name === 'path')

    expect(paths.map(({ attributes }) => attributes['class'])).toEqual([
      'bgRed',
      'whiteBright line',
    ])
  })

  it('writes what would be markup as text', () => {
    const frames = [line('<b>&"')]
    const svg = drawRecording({ ...empty(), frames }, 'less < "more" & all')

    expect(new Playback(svg).still()).toBe('<b>&"')
    expect(elementsOf(svg)[0]?.attributes).toMatchObject({
      'aria-label': 'less &lt; &quot;more&quot; &amp; all',
    })
  })
})

describe('the picture in the README', () => {
  const file = join(root, 'docs/demo.svg')
  const svg = readFileSync(file, 'utf8')
  const playback = new Playback(svg)
  const elements = elementsOf(svg)

  it('is small enough to load with the page', () => {
    expect(statSync(file).size).toBeLessThan(300_000)
  })

  it('is made of shapes, texts and styles: no script, nothing from elsewhere', () => {
    const names = new Set(elements.map(({ name }) => name))
    const attributes = new Set(elements.flatMap(({ attributes }) => Object.keys(attributes)))

    expect([...names].sort()).toEqual(['g', 'path', 'rect', 'style', 'svg', 'text'])
    expect([...attributes].filter((name) => /^on|href|src/.test(name))).toEqual([])
    expect(svg).not.toMatch(/url\(|@import|javascript:/)
  })

  it('shows the lanes that the demo draws today', () => {
    const names = wordsOf(drawAt(20_000, recorded.width, recorded.height))
      .split('\n')
      .flatMap((text) => /^ ((?:[A-Za-z]+ ?)+)/.exec(text)?.[1]?.trim() ?? [])
    const screen = playback.screenAt(20_000)

    expect(names.length).toBeGreaterThan(15)
    expect(names.filter((name) => !screen.includes(name))).toEqual([])
    expect(elements[0]?.attributes['width']).toBe(String(recorded.width * 8 + 20))
  })

  it('is of a run in which the breaker did its job, to its end', () => {
    const seconds = Array.from({ length: 24 }, (_, second) =>
      playback.screenAt(second * 1_000 + 100),
    )

    expect(new Set(seconds).size).toBe(24)
    expect(seconds[4]).toMatch(/all frozen \(SIGSTOP\)/)
    expect(seconds[10]).toMatch(/all thawed/)
    expect(seconds[14]).toMatch(/all killed \(SIGKILL\)/)
    expect(playback.still()).toContain('The breaker did its job.')
  })

  it('is described for those who do not see it', () => {
    const [, alt] =
      /!\[([^\]]+)\]\(docs\/demo\.svg\)/.exec(readFileSync(join(root, 'README.md'), 'utf8')) ?? []

    expect(elements[0]?.attributes).toMatchObject({
      role: 'img',
      'aria-label': expect.stringContaining('opossum'),
    })
    expect(alt).toMatch(/frozen.*killed.*opens.*opossum/)
  })
})
