import type {
  BreakerAdapter,
  BreakerSetup,
  Feature,
  TestBed,
  TestedBreaker,
} from '../../src/testing/conformance/index.ts'
import { VirtualTime } from './virtual-time.ts'

/** A library as it is installed, driven through its public interface under replaced clocks and timers. */
export interface Peer {
  /** The name of its package. */
  readonly package: string
  /** How a case's wish becomes a configuration of this library, as code; `n` is `maxFailures`. */
  readonly configuration: string
  /** Anything a reader of the results has to know. */
  readonly note?: string
  readonly lacks: Readonly<Partial<Record<Feature, string>>>
  load(): Promise<PeerFactory>
}

export interface PeerFactory {
  create(setup: BreakerSetup): TestedBreaker
  /** Two breakers built from one options object of the library. */
  createTwins(setup: BreakerSetup): readonly [TestedBreaker, TestedBreaker]
}

/** What escapes to the host while a library is driven. */
export function watchEscapes(): { errors: unknown[] } {
  const watched = { errors: [] as unknown[] }
  process.on('uncaughtException', (error) => watched.errors.push(error))
  process.on('unhandledRejection', (reason) => watched.errors.push(reason))
  return watched
}

/** Collects until nothing more can become unreachable by it. */
export async function collectGarbage(): Promise<void> {
  const { gc } = globalThis
  if (gc === undefined) throw new Error('run node with --expose-gc')
  for (let i = 0; i < 3; i++) {
    await new Promise((resolve) => setImmediate(resolve))
    gc()
  }
}

export async function adapterOf(
  peer: Peer,
  escapes: { errors: unknown[] },
): Promise<BreakerAdapter> {
  const factory = await peer.load()
  return {
    name: peer.package,
    lacks: peer.lacks,
    setUp(): TestBed {
      const clock = new VirtualTime()
      clock.install()
      escapes.errors = []
      return {
        clock,
        create: factory.create,
        createTwins: factory.createTwins,
        collectGarbage,
        escapedErrors: () => escapes.errors,
        tearDown: () => clock.uninstall(),
      }
    },
  }
}
