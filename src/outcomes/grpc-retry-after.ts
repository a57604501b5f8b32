import { causesOf, read } from './classifier.ts'
import { headerOf, retryAfterOf } from './http-retry-after.ts'

/** The longest that a `google.protobuf.Duration` may be, s: 10 000 years. */
const LONGEST_DURATION = 315_576_000_000

/**
 * Ms until the server of an error of gRPC or Connect wants to be called again, by
 * `grpc-retry-pushback-ms`, `google.rpc.RetryInfo` or `Retry-After`; `undefined` where it has not said so.
 */
export function grpcRetryAfterOf(error: unknown): number | undefined {
  for (const cause of causesOf(error)) {
    const metadata = read(cause, 'metadata')
    const pushback = Number.parseInt(headerOf(metadata, 'grpc-retry-pushback-ms') ?? '', 10)
    const ms =
      pushback >= 0 ? pushback : (retryInfoOf(cause) ?? retryAfterOf({ headers: metadata }))
    if (ms !== undefined) return ms
  }
  return undefined
}

/** By a `RetryInfo` among the details, which Connect has read already. */
function retryInfoOf(error: object): number | undefined {
  const details = read(error, 'details')
  for (const detail of Array.isArray(details) ? details : detailsIn(statusOf(error))) {
    const value = read(detail, 'value')
    if (String(read(detail, 'type')).endsWith('google.rpc.RetryInfo') && isBytes(value)) {
      const delay = fieldsOf(value).get(1)?.[0]
      if (isBytes(delay)) return durationOf(delay)
    }
  }
  return undefined
}

/** The `google.rpc.Status` among the trailers of gRPC. */
function statusOf(error: object): unknown {
  const metadata = read(error, 'metadata')
  const get = read(metadata, 'get')
  const values: unknown =
    typeof get === 'function' ? get.call(metadata, 'grpc-status-details-bin') : undefined
  return Array.isArray(values) ? values[0] : undefined
}

function detailsIn(status: unknown): readonly object[] {
  if (!isBytes(status)) return []
  return (fieldsOf(status).get(3) ?? []).filter(isBytes).map((detail) => {
    const fields = fieldsOf(detail)
    const type = fields.get(1)?.[0]
    return { type: isBytes(type) && new TextDecoder().decode(type), value: fields.get(2)?.[0] }
  })
}

function durationOf(bytes: Uint8Array): number | undefined {
  const fields = fieldsOf(bytes)
  const seconds = Number(fields.get(1)?.[0] ?? 0)
  // What is negative looks very large.
  if (!(seconds <= LONGEST_DURATION)) return undefined
  const nanos = Number(fields.get(2)?.[0] ?? 0)
  return nanos < 1e9 ? seconds * 1_000 + nanos / 1e6 : undefined
}

function isBytes(value: unknown): value is Uint8Array {
  return value instanceof Uint8Array
}

/**
 * The fields of a message of protobuf, by their numbers. Of a message that is cut, as much as there is.
 */
function fieldsOf(bytes: Uint8Array): Map<number, (number | Uint8Array)[]> {
  const fields = new Map<number, (number | Uint8Array)[]>()
  let at = 0
  const varint = (): number => {
    let value = 0
    for (let factor = 1; at < bytes.length; factor *= 128) {
      const byte = bytes[at++] as number
      value += (byte & 127) * factor
      if (byte < 128) break
    }
    return value
  }
  const skip = (length: number): Uint8Array => {
    const begin = at
    at += length
    return bytes.subarray(begin, at)
  }
  while (at < bytes.length) {
    const tag = varint()
    const type = tag % 8
    const value =
      type === 0
        ? varint()
        : type === 2
          ? skip(varint())
          : skip(type === 1 ? 8 : type === 5 ? 4 : Infinity)
    const field = Math.floor(tag / 8)
    const values = fields.get(field)
    if (values === undefined) fields.set(field, [value])
    else values.push(value)
  }
  return fields
}
