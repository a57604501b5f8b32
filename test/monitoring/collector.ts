import { once } from 'node:events'
import { createServer, type IncomingMessage } from 'node:http'
import type { AddressInfo } from 'node:net'

interface Attribute {
  readonly key: string
  readonly value: { readonly stringValue?: string }
}

interface Point {
  readonly attributes?: readonly Attribute[]
  readonly asDouble?: number
  readonly asInt?: number | string
  readonly count?: number | string
  readonly sum?: number
  readonly bucketCounts?: readonly (number | string)[]
  readonly explicitBounds?: readonly number[]
}

interface Metric {
  readonly name: string
  readonly unit: string
  readonly sum?: { readonly isMonotonic?: boolean; readonly dataPoints: readonly Point[] }
  readonly gauge?: { readonly dataPoints: readonly Point[] }
  readonly histogram?: { readonly dataPoints: readonly Point[] }
}

interface Export {
  readonly resourceMetrics: readonly {
    readonly scopeMetrics: readonly { readonly metrics: readonly Metric[] }[]
  }[]
}

/** What an exporter of OTLP sends to. */
export class Collector {
  readonly url: string
  readonly #server: ReturnType<typeof createServer>
  /** The last export. */
  #metrics: readonly Metric[] = []
  exports = 0

  private constructor(server: ReturnType<typeof createServer>) {
    this.#server = server
    this.url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/v1/metrics`
    server.on('request', async (request, response) => {
      const { resourceMetrics } = JSON.parse(await textOf(request)) as Export
      this.#metrics = resourceMetrics
        .flatMap(({ scopeMetrics }) => scopeMetrics)
        .flatMap(({ metrics }) => metrics)
      this.exports++
      response.setHeader('content-type', 'application/json').end('{}')
    })
  }

  static async start(): Promise<Collector> {
    const server = createServer().listen(0, '127.0.0.1')
    await once(server, 'listening')
    return new Collector(server)
  }

  async stop(): Promise<void> {
    this.#server.closeAllConnections()
    this.#server.close()
    await once(this.#server, 'close')
  }

  get metrics(): readonly Metric[] {
    return this.#metrics
  }

  /** What arrived last, with the names that the specification of OpenTelemetry has for Prometheus. */
  get translated(): ReadonlyMap<string, number> {
    return new Map(this.#metrics.flatMap(translate))
  }
}

const UNITS: Readonly<Record<string, string>> = { s: 'seconds', ms: 'milliseconds', By: 'bytes' }

function translate({ name, unit, sum, gauge, histogram }: Metric): [string, number][] {
  const known = unit.startsWith('{') ? undefined : UNITS[unit]
  const ratio = unit === '1' && gauge !== undefined ? 'ratio' : undefined
  const total = sum?.isMonotonic === true ? 'total' : undefined
  const full = [name.replaceAll(/[^\w]/g, '_'), known, ratio, total]
    .filter((part) => part !== undefined)
    .join('_')
  if (histogram !== undefined) return histogram.dataPoints.flatMap((one) => buckets(full, one))
  return (sum ?? gauge)?.dataPoints.map((point) => [
    series(full, labelsOf(point)),
    point.asDouble ?? Number(point.asInt),
  ]) as [string, number][]
}

function buckets(name: string, point: Point): [string, number][] {
  const labels = labelsOf(point)
  let upTo = 0
  const lines = (point.bucketCounts ?? []).map((count, i): [string, number] => {
    upTo += Number(count)
    const le = String(point.explicitBounds?.[i] ?? '+Inf')
    return [series(`${name}_bucket`, { ...labels, le }), upTo]
  })
  return [
    ...lines,
    [series(`${name}_sum`, labels), point.sum ?? Number.NaN],
    [series(`${name}_count`, labels), Number(point.count)],
  ]
}

function labelsOf({ attributes = [] }: Point): Record<string, string> {
  return Object.fromEntries(
    attributes.map(({ key, value }) => [key.replaceAll(/[^\w]/g, '_'), value.stringValue ?? '']),
  )
}

/** A name with its labels in alphabetical order. */
export function series(name: string, labels: Readonly<Record<string, unknown>>): string {
  const text = Object.entries(labels)
    .map(([key, value]) => `${key}="${value}"`)
    .toSorted()
  return `${name}{${text.join()}}`
}

async function textOf(request: IncomingMessage): Promise<string> {
  let text = ''
  for await (const chunk of request.setEncoding('utf8')) text += chunk
  return text
}
