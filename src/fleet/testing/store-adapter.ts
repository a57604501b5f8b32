import type { CasStore, FleetStore } from '../index.ts'

/** Something that a store can do, or that a test can do to it. */
export type StoreFeature =
  | 'clock of the engine'
  | 'compare and swap'
  | 'cut'
  | 'expiry'
  | 'freeze'
  | 'lose'
  | 'putNewer'
  | 'read'
  | 'watch'

/** What the cases need to know of a store. */
export interface StoreAdapter {
  /** Of the store, for reports. */
  readonly name: string
  /** What the store does not have, and why: cases that need it are not applicable. */
  readonly lacks?: Readonly<Partial<Record<StoreFeature, string>>> | undefined
  /** Called for every case. There must be nothing in it of a case before. */
  setUp(): StoreTestBed | Promise<StoreTestBed>
}

/** One empty store for one case. What is left out makes cases not applicable. */
export interface StoreTestBed {
  /**
   * The store as one more process opens it, on the same data. Called up to ten times; the cases dispose of what
   * they opened, so that the same object may be returned again only if disposing leaves it usable.
   */
  open(): FleetStore | CasStore | Promise<FleetStore | CasStore>
  /** Loses all that the store has. */
  lose?(): unknown
  /** Interrupts all subscriptions of `watch`; the store is expected to mend them by itself. */
  cut?(): unknown
  /** From now on the engine takes what it is sent, and does not answer. */
  freeze?(): unknown
  /** It goes on, also with what it was sent meanwhile. */
  thaw?(): unknown
  /**
   * Puts a record there whose schema is 2. Only for a `FleetStore`: a `CasStore` is asked to save one.
   */
  putNewer?(name: string): unknown
  /** Called at the end of the case, whatever it was. */
  tearDown?(): unknown
}
