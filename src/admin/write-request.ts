import type { Clock, ConfigurePatch } from '../index.ts'
import { type FieldError, invalid, Problem } from './problem.ts'
import type { Operation } from './routes.ts'
import { hasControl, nearest } from './text.ts'

/** The body of a request that changes a breaker. */
export interface Write {
  /** Why: 3 to 500 characters. */
  readonly reason: string
  /** Ms, or as `"90s"`, `"10m"`, `"4h"`, `"2d"`; `null` for no end. An override needs it. */
  readonly for?: number | string | null
  /** Who, where there is no sign-in. */
  readonly by?: string
  /**
   * A breaker that is shared is changed in its whole fleet.
   * @defaultValue `'fleet'` for one that is shared, else `'process'`
   */
  readonly scope?: 'fleet' | 'process'
  /** For `configure`: as its argument; `null` puts an option back to its default. */
  readonly patch?: ConfigurePatch
}

/** A {@link Write} that was checked. */
export interface CheckedWrite {
  readonly reason: string
  readonly by: string | undefined
  /** Ms; undefined for no end, or for an operation that takes no time. */
  readonly ms: number | undefined
  readonly patch: ConfigurePatch
  readonly scope: 'fleet' | 'process'
}

const MOST_BYTES = 8_192
const BODY_TIME = 5_000
const DEEPEST = 8

export function checkContentType({ headers }: Request): void {
  const type = headers.get('content-type') ?? ''
  if (!/^application\/json *(; *charset=utf-8)?$/i.test(type)) {
    throw new Problem('ERR_ADMIN_CONTENT_TYPE', 'The content type is not application/json.')
  }
  if (Number(headers.get('content-length') ?? 0) > MOST_BYTES) throw tooLarge()
}

/** The text of the body, if it is short and comes soon. */
export async function readBody({ body }: Request, clock: Clock): Promise<string> {
  if (body === null) return ''
  const reader: ReadableStreamDefaultReader<Uint8Array> = body.getReader()
  let cancelTimer: () => void = () => {}
  const late = new Promise<never>((_, reject) => {
    cancelTimer = clock.setTimer(BODY_TIME, () => {
      reject(new Problem('ERR_ADMIN_BODY_TIMEOUT', `A body takes at most ${BODY_TIME / 1_000} s.`))
    })
  })
  try {
    const decoder = new TextDecoder('utf-8', { fatal: true })
    let text = ''
    let bytes = 0
    for (;;) {
      const { done, value } = await Promise.race([reader.read(), late])
      if (done) return text + decoder.decode()
      bytes += value.byteLength
      if (bytes > MOST_BYTES) throw tooLarge()
      text += decoder.decode(value, { stream: true })
    }
  } catch (error) {
    // It may never end.
    reader.cancel().catch(() => {})
    throw error instanceof Problem ? error : notJson()
  } finally {
    cancelTimer()
  }
}

function tooLarge(): Problem {
  return new Problem('ERR_ADMIN_TOO_LARGE', `A body has at most ${MOST_BYTES} bytes.`)
}

function notJson(): Problem {
  return new Problem('ERR_ADMIN_BAD_REQUEST', 'The body is not JSON.')
}

const OVERRIDES: readonly Operation[] = ['force-open', 'force-closed', 'disable']

function fieldsOf(operation: Operation): readonly string[] {
  const always = ['reason', 'by', 'scope']
  if (operation === 'configure') return [...always, 'patch']
  return operation === 'trip' || OVERRIDES.includes(operation) ? [...always, 'for'] : always
}

/** @throws Problem that names every field that is wrong */
export function checkWrite(
  text: string,
  operation: Operation,
  maxFor: number,
  isShared: boolean,
): CheckedWrite {
  const body = parse(text)
  const fields = fieldsOf(operation)
  const errors: FieldError[] = []
  const wrong = (field: string, message: string): void => {
    errors.push({ pointer: `/${field}`, message })
  }
  for (const key of Object.keys(body)) {
    if (fields.includes(key)) continue
    const [meant] = nearest(key, fields)
    const advice = meant === undefined ? '' : `; did you mean "${meant}"?`
    wrong(escapePointer(key), `${operation} takes no ${JSON.stringify(key)}${advice}`)
  }
  const { reason, by, scope, patch } = body
  checkText('reason', reason, 3, 500, wrong)
  if (by !== undefined) checkText('by', by, 1, 100, wrong)
  // Options are those of each process.
  const scopes = isShared && operation !== 'configure' ? ['fleet', 'process'] : ['process']
  if (scope !== undefined && !scopes.includes(scope as string)) {
    wrong('scope', `scope must be ${scopes.map((one) => `"${one}"`).join(' or ')} here`)
  }
  if (operation === 'configure' && (!isObject(patch) || isUnsafe(patch, DEEPEST))) {
    wrong('patch', 'patch must be an object with the options to change')
  }
  const ms = OVERRIDES.includes(operation)
    ? overrideTime(body, maxFor, wrong)
    : tripTime(body, maxFor, wrong)
  if (errors.length > 0) throw invalid(...errors)
  return {
    reason: (reason as string).trim(),
    by: by as string | undefined,
    ms,
    patch: patchOf(isObject(patch) ? patch : {}),
    scope: (scope ?? scopes[0]) as CheckedWrite['scope'],
  }
}

function parse(text: string): Readonly<Record<string, unknown>> {
  let body: unknown
  try {
    body = JSON.parse(text)
  } catch {
    throw notJson()
  }
  if (isObject(body)) return body
  throw invalid({ pointer: '', message: 'the body must be a JSON object' })
}

function isObject(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}

const UNSAFE = ['__proto__', 'constructor', 'prototype']

/** Too deep, or with a key that is more than a key. */
function isUnsafe(value: object, depth: number): boolean {
  return Object.entries(value).some(
    ([key, member]) =>
      UNSAFE.includes(key) ||
      (typeof member === 'object' &&
        member !== null &&
        (depth === 0 || isUnsafe(member, depth - 1))),
  )
}

/** JSON knows no `undefined`, which stands for the default. */
export function patchOf(patch: Readonly<Record<string, unknown>>): ConfigurePatch {
  return Object.fromEntries(
    Object.entries(patch).map(([key, value]) => [
      key,
      isObject(value) ? withoutNulls(value) : (value ?? undefined),
    ]),
  )
}

function withoutNulls(options: Readonly<Record<string, unknown>>): object {
  return Object.fromEntries(
    Object.entries(options)
      .filter(([, value]) => value !== null)
      .map(([key, value]) => [key, isObject(value) ? withoutNulls(value) : value]),
  )
}

type Wrong = (field: string, message: string) => void

/** What shows nothing says nothing. */
const INVISIBLE = /[\s\p{Cf}\u115F\u1160\u2800\u3164]/gu

function checkText(field: string, value: unknown, least: number, most: number, wrong: Wrong): void {
  const length = typeof value === 'string' ? value.replaceAll(INVISIBLE, '').length : 0
  if (typeof value !== 'string' || length < least || value.length > most) {
    wrong(field, `${field} must be a text of ${least} to ${most} characters`)
  } else if (hasControl(value)) wrong(field, `${field} must have no control characters`)
}

function overrideTime(
  body: Readonly<Record<string, unknown>>,
  maxFor: number,
  wrong: Wrong,
): number | undefined {
  if (body['for'] !== undefined) return timeOf(body['for'], maxFor, wrong)
  wrong('for', 'for is missing: say how long, as "10m", or null for no end')
  return undefined
}

function tripTime(
  body: Readonly<Record<string, unknown>>,
  maxFor: number,
  wrong: Wrong,
): number | undefined {
  return body['for'] === undefined || body['for'] === null
    ? undefined
    : timeOf(body['for'], maxFor, wrong)
}

const UNITS: ReadonlyMap<string, number> = new Map([
  ['s', 1_000],
  ['m', 60_000],
  ['h', 3_600_000],
  ['d', 86_400_000],
])
/** 24.8 days, as for all durations of the library. */
const LONGEST = 2 ** 31 - 1

function timeOf(value: unknown, maxFor: number, wrong: Wrong): number | undefined {
  if (value === null) {
    if (maxFor < Infinity) wrong('for', `for must be at most ${maxFor} ms here, with an end`)
    return undefined
  }
  const [, amount, unit] = /^(\d{1,10}(?:\.\d{1,3})?)([smhd])$/.exec(String(value)) ?? []
  const ms = typeof value === 'number' ? value : Number(amount) * (UNITS.get(unit ?? '') ?? NaN)
  if (!(ms >= 1 && ms <= LONGEST)) {
    wrong('for', 'for must be milliseconds, as "90s", "10m", "4h" or "2d", up to 24 days; or null')
  } else if (ms > maxFor) wrong('for', `for must be at most ${maxFor} ms here`)
  return ms
}

function escapePointer(key: string): string {
  return key.replaceAll('~', '~0').replaceAll('/', '~1')
}
