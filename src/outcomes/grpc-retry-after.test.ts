import { describe, expect, it } from 'vitest'
import { grpc } from './grpc.ts'
import { retryAfter } from './retry-after.ts'

const bytes = (...parts: (number | string | Uint8Array)[]): Uint8Array =>
  Buffer.concat(
    parts.map((part) => Buffer.from(typeof part === 'number' ? [part] : (part as string))),
  )

/** A field whose value is a message, bytes or a text. */
const field = (number: number, value: Uint8Array | string): Uint8Array => {
  const content = bytes(value)
  return bytes(number * 8 + 2, varint(content.length), content)
}

const varint = (value: number): Uint8Array =>
  value < 128 ? bytes(value) : bytes((value % 128) + 128, varint(Math.floor(value / 128)))

const numeric = (number: number, value: number) => bytes(number * 8, varint(value))

const duration = (seconds: number, nanos = 0) =>
  bytes(seconds === 0 ? '' : numeric(1, seconds), nanos === 0 ? '' : numeric(2, nanos))

const any = (type: string, value: Uint8Array) =>
  field(3, bytes(field(1, `type.googleapis.com/${type}`), field(2, value)))

const retryInfo = (delay: Uint8Array) => any('google.rpc.RetryInfo', field(1, delay))

/** An error of grpc-js. */
const failed = (metadata: Record<string, unknown>) =>
  Object.assign(new Error('8 RESOURCE_EXHAUSTED: busy'), {
    code: 8,
    details: 'busy',
    metadata: { get: (key: string) => (key in metadata ? [metadata[key]] : []) },
  })

const withStatus = (...details: Uint8Array[]) =>
  failed({ 'grpc-status-details-bin': bytes(numeric(1, 8), field(2, 'busy'), ...details) })

const of = (reason: unknown) => retryAfter({ status: 'rejected', reason })

describe('retryAfter of an error of gRPC', () => {
  it.each([
    ['0', 0],
    ['7000', 7_000],
    ['-1', undefined],
    ['soon', undefined],
    ['', undefined],
  ])('takes a pushback of "%s" for %s', (pushback, ms) => {
    expect(of(failed({ 'grpc-retry-pushback-ms': pushback }))).toBe(ms)
  })

  it.each([
    [duration(9), 9_000],
    [duration(0, 250_000_000), 250],
    [duration(300, 500_000_000), 300_500],
    [duration(0), 0],
    [duration(315_576_000_000), 315_576_000_000_000],
    [duration(315_576_000_001), undefined],
    // -1 s, and -1 ns.
    [bytes(8, ...Array(9).fill(255), 1), undefined],
    [bytes(16, ...Array(9).fill(255), 1), undefined],
  ])('takes the delay of a RetryInfo %#', (delay, ms) => {
    expect(of(withStatus(retryInfo(delay)))).toBe(ms)
  })

  it('finds a RetryInfo among other details', () => {
    const details = [any('google.rpc.ErrorInfo', field(1, 'x'.repeat(100))), retryInfo(duration(3))]

    expect(of(withStatus(...details))).toBe(3_000)
    expect(of(withStatus(details[0] as Uint8Array))).toBeUndefined()
  })

  it('skips fields of every kind that it does not know', () => {
    const fixed = bytes(5 * 8 + 5, '1234', 6 * 8 + 1, '12345678', numeric(7, 300))
    const info = any('google.rpc.RetryInfo', bytes(fixed, field(1, bytes(fixed, duration(4)))))

    expect(of(withStatus(fixed, info))).toBe(4_000)
  })

  it('prefers the pushback', () => {
    const error = withStatus(retryInfo(duration(3)))
    const { get } = error.metadata
    error.metadata.get = (key) => (key === 'grpc-retry-pushback-ms' ? ['50'] : get(key))

    expect(of(error)).toBe(50)
  })

  it('never throws for a status that is cut or made of anything', () => {
    const whole = bytes(field(2, 'busy'), retryInfo(duration(3)))
    for (let length = 0; length < whole.length; length++) {
      for (const other of [0, 7, 127, 128, 255]) {
        const status = bytes(whole.subarray(0, length), other, whole.subarray(length + 1))

        expect(() => of(failed({ 'grpc-status-details-bin': status }))).not.toThrow()
        expect(() =>
          of(failed({ 'grpc-status-details-bin': whole.subarray(0, length) })),
        ).not.toThrow()
      }
    }
  })

  it('is the reason why RESOURCE_EXHAUSTED is a failure', () => {
    const outcome = (reason: unknown) => grpc({ status: 'rejected', reason })

    expect(outcome(withStatus(retryInfo(duration(3))))).toBe('failure')
    expect(outcome(withStatus())).toBe('neutral')
  })
})

describe('retryAfter of an error of Connect', () => {
  const connectError = (metadata: Record<string, string>, details: unknown[] = []) =>
    Object.assign(new Error('[resource_exhausted] busy'), {
      code: 8,
      metadata: new Headers(metadata),
      details,
    })

  it.each([
    [connectError({ 'retry-after': '30' }), 30_000],
    [connectError({ 'grpc-retry-pushback-ms': '40' }), 40],
    [
      connectError({}, [
        { type: 'google.rpc.ErrorInfo', value: bytes('x') },
        { type: 'google.rpc.RetryInfo', value: field(1, duration(5)) },
      ]),
      5_000,
    ],
    [connectError({}, [{ type: 'google.rpc.RetryInfo', value: 'text' }]), undefined],
    [connectError({}, [null, { desc: {}, value: {} }]), undefined],
  ])('is read from its metadata and its details %#', (error, ms) => {
    expect(of(error)).toBe(ms)
    expect(of(new Error('wrapped', { cause: error }))).toBe(ms)
  })
})
