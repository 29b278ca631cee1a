import type { AnswerSink } from './answer-sink.ts';
import type { HeaderList } from './header-list.ts';

/** Hands everything on as it comes: the base of what changes one part of an answer. */
export class Passing implements AnswerSink {
  constructor(protected readonly to: AnswerSink) {}

  interim(status: number, headers: HeaderList): void {
    this.to.interim(status, headers);
  }

  begin(status: number, headers: HeaderList): void {
    this.to.begin(status, headers);
  }

  write(content: Buffer): boolean {
    return this.to.write(content);
  }

  end(): void {
    this.to.end();
  }

  abort(): void {
    this.to.abort();
  }

  flush(): void {
    this.to.flush();
  }

  whenDrained(resume: () => void): void {
    this.to.whenDrained(resume);
  }
}
