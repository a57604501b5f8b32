/** Where one shard has its keys. The braces keep all of them in one slot of a cluster. */
export interface ShardKeys {
  readonly channel: string
  readonly log: string
  readonly names: string
  /** When each process was last seen, and what it says of itself. */
  readonly seen: string
  readonly processes: string
  breaker(name: string): string
}

export function keysOf(namespace: string, shard: number): ShardKeys {
  const prefix = `sc1:{${namespace}:${shard}}`
  return {
    channel: `${prefix}:ev`,
    log: `${prefix}:log`,
    names: `${prefix}:idx`,
    seen: `${prefix}:seen`,
    processes: `${prefix}:proc`,
    breaker: (name) => `${prefix}:b:${name}`,
  }
}

/** CRC-32 of the name's UTF-8, modulo the number of shards: what other languages and tools compute, too. */
export function shardOf(name: string, shards: number): number {
  if (shards === 1) return 0
  let crc = 0xffffffff
  for (const byte of new TextEncoder().encode(name)) {
    crc ^= byte
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ 0xedb88320 : crc >>> 1
  }
  return ((crc ^ 0xffffffff) >>> 0) % shards
}
