// A service of NestJS with a breaker that is injected by name; what it rejects is answered with 503.
import 'reflect-metadata'
import { Controller, Get, Inject, Injectable, Module, Param } from '@nestjs/common'
import { type CircuitBreaker, CircuitRegistry } from 'short-circuit'
import { CircuitModule, InjectBreaker } from 'short-circuit/nestjs'

/** Where users are loaded from; its own provider, so that a test may replace it. */
export abstract class Upstream {
  abstract user(id: string, signal: AbortSignal): Promise<{ id: string }>
}

@Injectable()
export class Users {
  constructor(
    @InjectBreaker('users') private readonly breaker: CircuitBreaker,
    @Inject(Upstream) private readonly upstream: Upstream,
  ) {}

  find(id: string): Promise<{ id: string }> {
    return this.breaker.run((signal) => this.upstream.user(id, signal))
  }
}

@Controller('users')
export class UsersController {
  constructor(@Inject(Users) private readonly users: Users) {}

  @Get(':id')
  find(@Param('id') id: string): Promise<{ id: string }> {
    return this.users.find(id)
  }
}

export function createModule(upstream: Upstream): new () => object {
  @Module({
    imports: [
      CircuitModule.forRoot({
        registry: new CircuitRegistry(),
        breakers: { users: { maxFailures: 3, resetTimeout: 3_000, callTimeout: 2_000 } },
      }),
    ],
    providers: [Users, { provide: Upstream, useValue: upstream }],
    controllers: [UsersController],
  })
  class AppModule {}
  return AppModule
}
