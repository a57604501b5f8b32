/**
 * Cases that the store of a fleet has to get right, for those who write one. Experimental: it may change in
 * any version.
 *
 * @module
 */
export { runStoreConformance, storeCases } from './run-store-conformance.ts'
export type { StoreAdapter, StoreFeature, StoreTestBed } from './store-adapter.ts'
export type { StoreCase } from './store-case.ts'
