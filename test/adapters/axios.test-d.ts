import type { AxiosInstance } from 'axios'
import type { AxiosInstance as OldestInstance } from 'axios-1.7'
import { describe, expectTypeOf, it } from 'vitest'
import { guardAxios } from '../../src/axios/index.ts'
import type { CircuitRegistry } from '../../src/index.ts'

declare const circuits: CircuitRegistry

describe('guardAxios', () => {
  it('takes and returns an instance of the newest and of the oldest version that is supported', () => {
    expectTypeOf(guardAxios({} as AxiosInstance, circuits)).toEqualTypeOf<AxiosInstance>()
    expectTypeOf(guardAxios({} as OldestInstance, circuits)).toEqualTypeOf<OldestInstance>()
  })

  it('takes nothing else', () => {
    // @ts-expect-error -- it has no adapter
    guardAxios(fetch, circuits)
  })
})
