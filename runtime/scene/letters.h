/* Letters: from UTF-8 to the codes of the glyphs that there are. */
#ifndef CHX_SCENE_LETTERS_H
#define CHX_SCENE_LETTERS_H

/* The glyph for the character at *text, which then points behind it; 0 for a mark that combines
 * with the letter before or joins letters. What has no likeness, and bytes that are not UTF-8,
 * become '?'. */
unsigned chx__letter_next(const char **text);

#endif
