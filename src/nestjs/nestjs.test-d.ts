import type { CanActivate, DynamicModule, ExceptionFilter } from '@nestjs/common'
import type {
  DynamicModule as DynamicModule11,
  ExceptionFilter as ExceptionFilter11,
} from '@nestjs/common-11'
import { HttpAdapterHost } from '@nestjs/core'
import type { HealthIndicatorResult } from '@nestjs/terminus'
import { expectTypeOf, it } from 'vitest'
import { circuits } from '../index.ts'
import {
  CircuitExceptionFilter,
  CircuitHealthIndicator,
  CircuitModule,
  InjectBreaker,
} from './index.ts'

it('is a module, a filter and an indicator of Nest 11 and 12', () => {
  const module = CircuitModule.forRoot({ registry: circuits })
  const filter = new CircuitExceptionFilter(new HttpAdapterHost())
  const result = new CircuitHealthIndicator(circuits).isHealthy('circuits')

  expectTypeOf(module).toExtend<DynamicModule>()
  expectTypeOf(module).toExtend<DynamicModule11>()
  expectTypeOf(filter).toExtend<ExceptionFilter>()
  expectTypeOf(filter).toExtend<ExceptionFilter11>()
  expectTypeOf(filter).not.toExtend<CanActivate>()
  expectTypeOf(result).toExtend<HealthIndicatorResult<'circuits'>>()
  expectTypeOf(InjectBreaker('users')).toExtend<ParameterDecorator & PropertyDecorator>()
})

it('takes options of breakers by name', () => {
  CircuitModule.forRoot({ registry: circuits, breakers: { users: { maxFailures: 3 } } })
  // @ts-expect-error -- a breaker has no such option
  CircuitModule.forRoot({ registry: circuits, breakers: { users: { timeout: 3 } } })
  // @ts-expect-error -- the registry is missing
  CircuitModule.forRoot({})
})
