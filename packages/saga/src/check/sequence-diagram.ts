/** A message between two, with what is written on it. */
export interface Arrow {
  readonly from: string;
  readonly to: string;
  readonly text: string;
}

/** A Mermaid sequence diagram as it is written, line by line. */
export class SequenceDiagram {
  readonly #lines: string[] = ['sequenceDiagram'];
  #depth = 1;

  /** The saga is called `saga` in all that follows, the participants by their names. */
  constructor(saga: string, participants: readonly string[]) {
    this.#line(`participant saga as ${plain(saga)}`);
    for (const participant of participants) {
      const id = idOf(participant);
      this.#line(id === participant ? `participant ${id}` : `participant ${id} as ${plain(participant)}`);
    }
  }

  arrow({ from, to, text }: Arrow): this {
    return this.#line(`${idOf(from)}-)${idOf(to)}: ${plain(text)}`);
  }

  /** One that has not arrived. */
  pending({ from, to, text }: Arrow): this {
    return this.#line(`${idOf(from)}--)${idOf(to)}: ${plain(text)}`);
  }

  /** One that never arrives. */
  lost({ from, to, text }: Arrow): this {
    return this.#line(`${idOf(from)}-x${idOf(to)}: ${plain(text)}`);
  }

  note(over: readonly string[], text: string): this {
    return this.#line(`Note over ${over.map(idOf).join(',')}: ${plain(text)}`);
  }

  /** A way that turns off here, and does not come back. */
  turnOff(title: string, draw: () => void): this {
    this.#line(`break ${plain(title)}`);
    this.#depth++;
    draw();
    this.#depth--;
    return this.#line('end');
  }

  toString(): string {
    return `${this.#lines.join('\n')}\n`;
  }

  #line(text: string): this {
    this.#lines.push(`${'  '.repeat(this.#depth)}${text}`);
    return this;
  }
}

const idOf = (name: string): string => name.replaceAll(/\W/g, '_');
/** A semicolon would end the line, and a hash begins an entity. */
const plain = (text: string): string => `${text}`.replaceAll(/[;#\n]/g, ',');
