import { expectTypeOf, it } from 'vitest'
import { circuitErrors, type ErrorMiddleware } from './index.ts'

type Middleware = (request: object, response: object, next: () => void) => void

it('circuitErrors is called where it is mounted', () => {
  const use = (_: Middleware | ErrorMiddleware): void => {}

  use(circuitErrors())
  // @ts-expect-error without the call it is no middleware
  use(circuitErrors)
  expectTypeOf(circuitErrors()).toEqualTypeOf<ErrorMiddleware>()
})
