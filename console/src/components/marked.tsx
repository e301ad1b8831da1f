import css from './marked.module.css';

/** A part of a sentence: words, or code. */
export type Piece = string | { readonly code: string };

/** A sentence of the service, in which what stands between backticks is code. */
export function Marked({ text }: { readonly text: string }) {
  const pieces = text.split('`').map((part, index): Piece => (index % 2 === 0 ? part : { code: part }));
  return <Pieces pieces={pieces} />;
}

export function Pieces({ pieces }: { readonly pieces: readonly Piece[] }) {
  return pieces.map((piece, index) =>
    typeof piece === 'string' ? (
      piece
    ) : (
      // biome-ignore lint/suspicious/noArrayIndexKey: the pieces of a sentence have no other name
      <code key={index} className={css.code}>
        {piece.code}
      </code>
    ),
  );
}
