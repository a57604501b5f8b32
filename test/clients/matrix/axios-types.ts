import type { AxiosInstance } from 'axios'
import type { AxiosInstance as OldestInstance } from 'axios-1.7'
import { guardAxios } from '../../../src/axios/index.ts'
import { CircuitRegistry } from '../../../src/index.ts'

// Only compiled: `guardAxios` takes and returns an instance of the newest axios, and of the oldest that is supported.

const circuits = new CircuitRegistry()

export function guardNewest(instance: AxiosInstance): AxiosInstance {
  return guardAxios(instance, circuits, { key: ({ baseURL }) => baseURL })
}

export function guardOldest(instance: OldestInstance): OldestInstance {
  return guardAxios(instance, circuits, { key: ({ baseURL }) => baseURL })
}

export function guardOther(): unknown {
  // @ts-expect-error -- it has no adapter
  return guardAxios(fetch, circuits)
}
