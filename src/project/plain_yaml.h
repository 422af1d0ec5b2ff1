/* The YAML that front matter mostly is, `key: word` and `key: [word, word]` a line, read in a tenth of the
 * time that the library needs to set itself up. Projects have thousands of models. Whatever is not plainly of
 * that shape is left to the library, and where both can read a text they give the same tree
 * (tests/fuzz/front_matter.c compares them). */
#ifndef PROJECT_PLAIN_YAML_H
#define PROJECT_PLAIN_YAML_H

#include "base/yaml.h"

/* The map, or NULL if the text is to be read by yaml_read. */
struct yaml *plain_yaml(struct arena *a, struct str text, int first_line);

#endif
