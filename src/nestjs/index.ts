/**
 * A module for NestJS: breakers by injection, 503 or 504 when a call was rejected or took too long, and a health
 * indicator for Terminus.
 *
 * @example
 * import 'reflect-metadata'
 * import { circuits } from 'short-circuit'
 * import { CircuitModule } from 'short-circuit/nestjs'
 *
 * const imported = CircuitModule.forRoot({
 *   registry: circuits,
 *   breakers: { users: { maxFailures: 3, resetTimeout: 3_000 } },
 *   required: ['users'],
 * })
 * console.assert(imported.global)
 *
 * @module
 */
export { CircuitExceptionFilter } from './circuit-exception-filter.ts'
export { CircuitHealthIndicator, type CircuitHealthResult } from './circuit-health-indicator.ts'
export {
  CircuitModule,
  type CircuitModuleAsyncOptions,
  type CircuitModuleOptions,
  type ImportedModule,
} from './circuit-module.ts'
export { InjectBreaker, type Injection, InjectRegistry } from './inject.ts'
