import type { Phase } from './phase.ts'

type Fault = Omit<Phase, 'for'>

const UNITS: readonly (readonly [pattern: RegExp, ms: number])[] = [
  [/^(ms|milliseconds?)$/, 1],
  [/^(s|sec|seconds?)$/, 1_000],
  [/^(min|minutes?)$/, 60_000],
  [/^(h|hours?)$/, 3_600_000],
]
const NUMBER = String.raw`(\d+(?:\.\d+)?)`

const FAULTS: readonly (readonly [pattern: RegExp, fault: (amount: number) => Fault])[] = [
  [/^(?:ok|healthy|up)$/, () => ({})],
  [/^hang$/, () => ({ hang: true })],
  [/^refuse$/, () => ({ refuse: true })],
  [/^reset$/, () => ({ reset: true })],
  [new RegExp(`^${NUMBER} ?% errors?$`), (percent) => ({ errorRate: percent / 100 })],
  [new RegExp(`^latency x ?${NUMBER}$`), (factor) => ({ latencyFactor: factor })],
  [new RegExp(`^latency \\+ ?${NUMBER} ?ms$`), (delay) => ({ delay })],
  [new RegExp(`^latency \\+ ?${NUMBER} ?s$`), (seconds) => ({ delay: seconds * 1_000 })],
  [new RegExp(`^work x ?${NUMBER}$`), (factor) => ({ workFactor: factor })],
  [new RegExp(`^cold x ?${NUMBER}$`), (factor) => ({ coldFactor: factor })],
  [new RegExp(`^load x ?${NUMBER}$`), (factor) => ({ loadFactor: factor })],
]
const KNOWN =
  'ok, hang, refuse, reset, "30 % errors", "latency x20", "latency +200 ms", "work x20", "cold x10" and "load x3"'

/** Parses a script. @throws SyntaxError with the part that is wrong and where it begins */
export function parseScript(text: string): readonly Phase[] {
  const parts = split(text)
  if (parts.length === 1 && parts[0]?.words === '') {
    throw new RangeError('script must have at least one phase, got an empty text')
  }
  return parts.map(({ words, position }, index) => {
    const fail = (what: string): never => {
      throw new SyntaxError(
        `script part ${index + 1}, ${JSON.stringify(words)} at character ${position + 1}: ${what}`,
      )
    }
    return Object.freeze(parsePart(words, index === parts.length - 1, fail))
  })
}

function split(text: string): { words: string; position: number }[] {
  const parts = []
  let begin = 0
  // The comma may be left out before "then", and each line is a separate part.
  for (const separator of text.matchAll(/\s*[,;\n]\s*(?:then\s+)?|\s+then\s+|$/g)) {
    const raw = text.slice(begin, separator.index)
    const words = raw.trim()
    parts.push({ words, position: begin + raw.indexOf(words) })
    begin = separator.index + separator[0].length
  }
  return parts.length > 1 && parts.at(-1)?.words === '' ? parts.slice(0, -1) : parts
}

function parsePart(words: string, last: boolean, fail: (what: string) => never): Phase {
  if (words === '') return fail('there is nothing between two separators')
  const { rest: withoutShards, shards } = takeShards(words.toLowerCase().replaceAll(/\s+/g, ' '))
  const { rest, ms } = takeDuration(withoutShards, fail)
  if (ms === undefined && !last) return fail('how long? Say "for 5 s"; only the last may go on')
  const faults = rest.split(' and ').map((fault) => parseFault(fault, fail))
  return { ...Object.assign({}, ...faults), ...shards, for: ms ?? Infinity }
}

function takeShards(words: string): { rest: string; shards: { shards: number } | undefined } {
  const [phrase, count] = /^.*? on (\d+) shards?\b/.exec(words) ?? []
  if (phrase === undefined) return { rest: words, shards: undefined }
  const rest = words.replace(/ on \d+ shards?\b/, '')
  return { rest, shards: { shards: Number(count) } }
}

function takeDuration(
  words: string,
  fail: (what: string) => never,
): { rest: string; ms: number | undefined } {
  const match = new RegExp(`^(.+?) (for )?${NUMBER} ?([a-z]+)$`).exec(words)
  // "latency +200 ms" ends like a duration and is none.
  if (match === null || /^latency \+ ?[\d.]+ ?m?s$/.test(words))
    return { rest: words, ms: undefined }
  const [, rest = '', , amount, name = ''] = match
  const unit = UNITS.find(([pattern]) => pattern.test(name))
  if (unit === undefined) return fail(`${JSON.stringify(name)} is no unit; say ms, s, min or h`)
  const ms = Number(amount) * unit[1]
  if (ms === 0) return fail('it must last longer than 0')
  return { rest, ms }
}

function parseFault(words: string, fail: (what: string) => never): Fault {
  for (const [pattern, fault] of FAULTS) {
    const match = pattern.exec(words)
    if (match === null) continue
    const amount = Number(match[1])
    const read = fault(amount)
    if ((read.errorRate ?? 0) > 1) return fail('more than 100 % of the calls cannot fail')
    if (words.includes('x') && amount < 1 && read.loadFactor === undefined) {
      return fail('a factor below 1 would be no fault')
    }
    if (read.loadFactor === 0) return fail('the load must be more than 0')
    return read
  }
  return fail(`${JSON.stringify(words)} is not understood; known are ${KNOWN}`)
}
