import type { Settlement } from './settlement.ts'

/** Settles calls whose stream was dropped before its end, where the runtime tells. */
export const droppedStreams: FinalizationRegistry<Settlement> | undefined =
  typeof FinalizationRegistry === 'function'
    ? /* @__PURE__ */ new FinalizationRegistry<Settlement>((settlement) => settlement.leave())
    : undefined
