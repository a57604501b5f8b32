import type { CircuitBreakerOptions } from '../../../../src/index.ts'

/** For clients whose promise is fulfilled with answers of any status. */
export function failedStatus(name: 'status' | 'statusCode'): CircuitBreakerOptions['classify'] {
  return (settled) => {
    if (settled.status === 'rejected') return undefined
    const status = (settled.value as Readonly<Record<typeof name, number | undefined>>)[name]
    return status !== undefined && status >= 500 ? 'failure' : 'success'
  }
}
