import { LineCounter, parseDocument } from 'yaml';
import { isTree, type Tree } from '../../model/yaml-tree.ts';

/** A route of a gateway that is configured, and not programmed. */
export interface DeclaredRoute {
  readonly gateway: string;
  readonly file: string;
  readonly line: number;
  readonly path: string;
  readonly hasAuthentication: boolean;
  readonly hasRateLimit: boolean;
  /** By which methods it can be asked, where it says that. */
  readonly methods?: readonly string[];
  /** It says that everybody may read it. */
  readonly isPublic?: boolean;
  /** The host that it leads to, as it is written there; undefined where that says nothing. */
  readonly host?: string;
}

/** A document of YAML or JSON, and the lines of what is in it. */
export interface DeclaredFile {
  readonly root: Tree;
  lineAt(...path: (string | number)[]): number;
}

export function declaredFile(content: string): DeclaredFile | undefined {
  const lines = new LineCounter();
  const document = parseDocument(content, { lineCounter: lines });
  const root: unknown = document.errors.length > 0 ? undefined : document.toJS();
  if (!isTree(root)) return undefined;
  return {
    root,
    lineAt(...path) {
      const node = document.getIn(path, true) as { readonly range?: readonly number[] } | undefined;
      return node?.range ? lines.linePos(node.range[0]!).line : 1;
    },
  };
}

export const listAt = (value: Tree, key: string): Tree[] =>
  Array.isArray(value[key]) ? value[key].filter((one) => isTree(one)) : [];

/** The host of an address: `order-service` of `http://order-service:3000/orders`. */
export const hostIn = (address: string): string => /^(?:[a-z0-9+]+:)?\/\/([^/:]+)/i.exec(address)?.[1] ?? address;
