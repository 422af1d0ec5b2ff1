#include "engine/vector.h"

bool vector_is_null(duckdb_vector v, idx_t row)
{
    uint64_t *validity = duckdb_vector_get_validity(v);
    return validity && !(validity[row / 64] >> (row % 64) & 1);
}

struct str vector_string(duckdb_vector v, idx_t row)
{
    duckdb_string_t *strings = duckdb_vector_get_data(v);
    return (struct str){duckdb_string_t_data(&strings[row]), duckdb_string_t_length(strings[row])};
}

bool vector_int(duckdb_vector v, duckdb_type type, idx_t row, int64_t *ret)
{
    const void *data = duckdb_vector_get_data(v);
    switch (type) {
    case DUCKDB_TYPE_BOOLEAN: *ret = ((const bool *)data)[row]; return true;
    case DUCKDB_TYPE_TINYINT: *ret = ((const int8_t *)data)[row]; return true;
    case DUCKDB_TYPE_SMALLINT: *ret = ((const int16_t *)data)[row]; return true;
    case DUCKDB_TYPE_INTEGER: *ret = ((const int32_t *)data)[row]; return true;
    case DUCKDB_TYPE_BIGINT: *ret = ((const int64_t *)data)[row]; return true;
    case DUCKDB_TYPE_UTINYINT: *ret = ((const uint8_t *)data)[row]; return true;
    case DUCKDB_TYPE_USMALLINT: *ret = ((const uint16_t *)data)[row]; return true;
    case DUCKDB_TYPE_UINTEGER: *ret = ((const uint32_t *)data)[row]; return true;
    case DUCKDB_TYPE_UBIGINT: {
        uint64_t n = ((const uint64_t *)data)[row];
        *ret = (int64_t)n;
        return n <= INT64_MAX;
    }
    case DUCKDB_TYPE_HUGEINT: {
        duckdb_hugeint n = ((const duckdb_hugeint *)data)[row];
        *ret = (int64_t)n.lower;
        return n.upper == (*ret < 0 ? -1 : 0);
    }
    default: return false;
    }
}

static void add_hugeint(struct buf *b, duckdb_hugeint n)
{
    __uint128_t value = (__uint128_t)(uint64_t)n.upper << 64 | n.lower;
    bool negative = n.upper < 0;
    char digits[48], *p = digits + sizeof digits;
    if (negative) value = ~value + 1;
    *--p = 0;
    do {
        *--p = (char)('0' + (int)(value % 10));
        value /= 10;
    } while (value);
    if (negative) *--p = '-';
    buf_add_str(b, p);
}

bool vector_int_text(struct buf *b, duckdb_vector v, duckdb_type type, idx_t row)
{
    const void *data = duckdb_vector_get_data(v);
    int64_t n;
    if (type == DUCKDB_TYPE_HUGEINT) add_hugeint(b, ((const duckdb_hugeint *)data)[row]);
    else if (type == DUCKDB_TYPE_UBIGINT) buf_printf(b, "%llu", (unsigned long long)((const uint64_t *)data)[row]);
    else if (!vector_int(v, type, row, &n)) return false;
    else if (type == DUCKDB_TYPE_BOOLEAN) buf_add_str(b, n ? "true" : "false");
    else buf_printf(b, "%lld", (long long)n);
    return true;
}

struct map_entries vector_map(duckdb_vector v, idx_t row)
{
    const duckdb_list_entry *entries = duckdb_vector_get_data(v);
    duckdb_vector pairs = duckdb_list_vector_get_child(v);
    return (struct map_entries){duckdb_struct_vector_get_child(pairs, 0), duckdb_struct_vector_get_child(pairs, 1),
                                entries[row].offset, entries[row].length};
}

static bool ends_in_parsed(const char *name)
{
    size_t n = strlen(name);
    return n > 7 && strcmp(name + n - 7, "_parsed") == 0;
}

static void struct_json(struct buf *b, duckdb_vector v, duckdb_logical_type type, idx_t row)
{
    bool first = true;
    buf_add_char(b, '{');
    for (idx_t i = 0, n = duckdb_struct_type_child_count(type); i < n; i++) {
        duckdb_vector child = duckdb_struct_vector_get_child(v, i);
        char *name = duckdb_struct_type_child_name(type, i);
        if (!vector_is_null(child, row) && !ends_in_parsed(name)) {
            if (!first) buf_add_char(b, ',');
            first = false;
            buf_add_json_string(b, name, strlen(name));
            buf_add_char(b, ':');
            vector_json(b, child, row);
        }
        duckdb_free(name);
    }
    buf_add_char(b, '}');
}

static void map_json(struct buf *b, duckdb_vector v, idx_t row)
{
    struct map_entries m = vector_map(v, row);
    buf_add_char(b, '{');
    for (idx_t i = m.from; i < m.from + m.n; i++) {
        if (i > m.from) buf_add_char(b, ',');
        vector_json(b, m.keys, i);
        buf_add_char(b, ':');
        vector_json(b, m.values, i);
    }
    buf_add_char(b, '}');
}

static void list_json(struct buf *b, duckdb_vector v, idx_t row)
{
    const duckdb_list_entry *entries = duckdb_vector_get_data(v);
    duckdb_vector child = duckdb_list_vector_get_child(v);
    buf_add_char(b, '[');
    for (idx_t i = 0; i < entries[row].length; i++) {
        if (i) buf_add_char(b, ',');
        vector_json(b, child, entries[row].offset + i);
    }
    buf_add_char(b, ']');
}

void vector_json(struct buf *b, duckdb_vector v, idx_t row)
{
    if (vector_is_null(v, row)) {
        buf_add_str(b, "null");
        return;
    }
    duckdb_logical_type type = duckdb_vector_get_column_type(v);
    duckdb_type id = duckdb_get_type_id(type);
    switch (id) {
    case DUCKDB_TYPE_VARCHAR: {
        struct str s = vector_string(v, row);
        buf_add_json_string(b, s.p, s.n);
        break;
    }
    case DUCKDB_TYPE_STRUCT: struct_json(b, v, type, row); break;
    case DUCKDB_TYPE_MAP: map_json(b, v, row); break;
    case DUCKDB_TYPE_LIST: list_json(b, v, row); break;
    default:
        if (!vector_int_text(b, v, id, row)) buf_add_str(b, "null");
    }
    duckdb_destroy_logical_type(&type);
}
