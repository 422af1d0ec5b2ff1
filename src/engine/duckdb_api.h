/* DuckDB's C API, loaded on first use: code in engine/, source/ and quality/ includes this header instead of duckdb.h and
 * calls the functions by their own names. Whoever holds an open engine may call them; before that duckdb_api_load.
 * A function that is missing here is added to both lists. */
#ifndef ENGINE_DUCKDB_API_H
#define ENGINE_DUCKDB_API_H

#include "base/err.h"

#include <duckdb.h>

/* clang-format off */
#define DUCKDB_FUNCTIONS(F)                                                                                  \
    /* database and configuration */                                                                         \
    F(duckdb_open) F(duckdb_open_ext) F(duckdb_close) F(duckdb_connect) F(duckdb_interrupt)                  \
    F(duckdb_query_progress) F(duckdb_disconnect) F(duckdb_connection_get_client_context)                    \
    F(duckdb_client_context_get_connection_id) F(duckdb_destroy_client_context) F(duckdb_library_version)    \
    F(duckdb_get_table_names) F(duckdb_create_config) F(duckdb_config_count) F(duckdb_get_config_flag)       \
    F(duckdb_set_config) F(duckdb_destroy_config)                                                            \
    /* errors */                                                                                             \
    F(duckdb_create_error_data) F(duckdb_destroy_error_data) F(duckdb_error_data_error_type)                 \
    F(duckdb_error_data_message) F(duckdb_error_data_has_error) F(duckdb_appender_error_data)                \
    /* appender */                                                                                           \
    F(duckdb_appender_create) F(duckdb_appender_create_ext) F(duckdb_appender_create_query)                  \
    F(duckdb_appender_column_count) F(duckdb_appender_column_type) F(duckdb_appender_flush)                  \
    F(duckdb_appender_clear) F(duckdb_appender_close) F(duckdb_appender_destroy)                             \
    F(duckdb_appender_add_column) F(duckdb_appender_clear_columns) F(duckdb_appender_begin_row)              \
    F(duckdb_appender_end_row) F(duckdb_append_default) F(duckdb_append_default_to_chunk)                    \
    F(duckdb_append_bool) F(duckdb_append_int8) F(duckdb_append_int16) F(duckdb_append_int32)                \
    F(duckdb_append_int64) F(duckdb_append_hugeint) F(duckdb_append_uint8) F(duckdb_append_uint16)           \
    F(duckdb_append_uint32) F(duckdb_append_uint64) F(duckdb_append_float) F(duckdb_append_double)           \
    F(duckdb_append_date) F(duckdb_append_time) F(duckdb_append_timestamp) F(duckdb_append_interval)         \
    F(duckdb_append_varchar) F(duckdb_append_varchar_length) F(duckdb_append_blob) F(duckdb_append_null)     \
    F(duckdb_append_value) F(duckdb_append_data_chunk)                                                       \
    /* table functions */                                                                                    \
    F(duckdb_create_table_function) F(duckdb_destroy_table_function) F(duckdb_table_function_set_name)       \
    F(duckdb_table_function_add_parameter) F(duckdb_table_function_add_named_parameter)                      \
    F(duckdb_table_function_set_extra_info) F(duckdb_table_function_set_bind)                                \
    F(duckdb_table_function_set_init) F(duckdb_table_function_set_local_init)                                \
    F(duckdb_table_function_set_function) F(duckdb_table_function_supports_projection_pushdown)              \
    F(duckdb_register_table_function) F(duckdb_bind_get_extra_info)                                          \
    F(duckdb_table_function_get_client_context) F(duckdb_bind_add_result_column)                             \
    F(duckdb_bind_get_parameter_count) F(duckdb_bind_get_parameter) F(duckdb_bind_get_named_parameter)       \
    F(duckdb_bind_set_bind_data) F(duckdb_bind_set_cardinality) F(duckdb_bind_set_error)                     \
    F(duckdb_init_get_extra_info) F(duckdb_init_get_bind_data) F(duckdb_init_set_init_data)                  \
    F(duckdb_init_get_column_count) F(duckdb_init_get_column_index) F(duckdb_init_set_max_threads)           \
    F(duckdb_init_set_error) F(duckdb_function_get_extra_info) F(duckdb_function_get_bind_data)              \
    F(duckdb_function_get_init_data) F(duckdb_function_get_local_init_data) F(duckdb_function_set_error)     \
    F(duckdb_table_function_bind_get_result_column_count)                                                    \
    F(duckdb_table_function_bind_get_result_column_name)                                                     \
    F(duckdb_table_function_bind_get_result_column_type)                                                     \
    /* scalar functions */                                                                                   \
    F(duckdb_create_scalar_function) F(duckdb_destroy_scalar_function) F(duckdb_scalar_function_set_name)    \
    F(duckdb_scalar_function_set_varargs) F(duckdb_scalar_function_set_special_handling)                     \
    F(duckdb_scalar_function_set_volatile) F(duckdb_scalar_function_add_parameter)                           \
    F(duckdb_scalar_function_set_return_type) F(duckdb_scalar_function_set_extra_info)                       \
    F(duckdb_scalar_function_set_bind) F(duckdb_scalar_function_set_bind_data)                               \
    F(duckdb_scalar_function_set_bind_data_copy) F(duckdb_scalar_function_bind_set_error)                    \
    F(duckdb_scalar_function_set_function) F(duckdb_register_scalar_function)                                \
    F(duckdb_scalar_function_get_extra_info) F(duckdb_scalar_function_bind_get_extra_info)                   \
    F(duckdb_scalar_function_get_bind_data) F(duckdb_scalar_function_get_client_context)                     \
    F(duckdb_scalar_function_set_error) F(duckdb_create_scalar_function_set)                                 \
    F(duckdb_destroy_scalar_function_set) F(duckdb_add_scalar_function_to_set)                               \
    F(duckdb_register_scalar_function_set) F(duckdb_scalar_function_bind_get_argument_count)                 \
    F(duckdb_scalar_function_bind_get_argument) F(duckdb_scalar_function_get_state)                          \
    F(duckdb_scalar_function_set_init) F(duckdb_scalar_function_init_set_error)                              \
    F(duckdb_scalar_function_init_set_state) F(duckdb_scalar_function_init_get_client_context)               \
    F(duckdb_scalar_function_init_get_bind_data) F(duckdb_scalar_function_init_get_extra_info)               \
    F(duckdb_create_selection_vector) F(duckdb_destroy_selection_vector)                                     \
    F(duckdb_selection_vector_get_data_ptr) F(duckdb_destroy_expression) F(duckdb_expression_return_type)    \
    F(duckdb_expression_is_foldable) F(duckdb_expression_fold)                                               \
    /* prepared statements */                                                                                \
    F(duckdb_prepare) F(duckdb_destroy_prepare) F(duckdb_prepare_error) F(duckdb_nparams)                    \
    F(duckdb_parameter_name) F(duckdb_param_type) F(duckdb_param_logical_type) F(duckdb_clear_bindings)      \
    F(duckdb_prepared_statement_type) F(duckdb_prepared_statement_column_count)                              \
    F(duckdb_prepared_statement_column_name) F(duckdb_prepared_statement_column_logical_type)                \
    F(duckdb_prepared_statement_column_type) F(duckdb_bind_value) F(duckdb_bind_parameter_index)             \
    F(duckdb_bind_boolean) F(duckdb_bind_int8) F(duckdb_bind_int16) F(duckdb_bind_int32)                     \
    F(duckdb_bind_int64) F(duckdb_bind_hugeint) F(duckdb_bind_decimal) F(duckdb_bind_uint8)                  \
    F(duckdb_bind_uint16) F(duckdb_bind_uint32) F(duckdb_bind_uint64) F(duckdb_bind_float)                   \
    F(duckdb_bind_double) F(duckdb_bind_date) F(duckdb_bind_time) F(duckdb_bind_timestamp)                   \
    F(duckdb_bind_timestamp_tz) F(duckdb_bind_interval) F(duckdb_bind_varchar) F(duckdb_bind_varchar_length) \
    F(duckdb_bind_blob) F(duckdb_bind_null) F(duckdb_execute_prepared) F(duckdb_extract_statements)          \
    F(duckdb_prepare_extracted_statement) F(duckdb_extract_statements_error) F(duckdb_destroy_extracted)     \
    F(duckdb_pending_prepared) F(duckdb_destroy_pending) F(duckdb_pending_error)                             \
    F(duckdb_pending_execute_task) F(duckdb_pending_execute_check_state) F(duckdb_execute_pending)           \
    F(duckdb_pending_execution_is_finished) F(duckdb_execution_is_finished)                                  \
    /* results */                                                                                            \
    F(duckdb_query) F(duckdb_destroy_result) F(duckdb_column_name) F(duckdb_column_type)                     \
    F(duckdb_result_statement_type) F(duckdb_column_logical_type) F(duckdb_column_count)                     \
    F(duckdb_rows_changed) F(duckdb_result_error) F(duckdb_result_error_type) F(duckdb_result_return_type)   \
    F(duckdb_fetch_chunk)                                                                                    \
    /* chunks and vectors */                                                                                 \
    F(duckdb_vector_size) F(duckdb_string_is_inlined) F(duckdb_string_t_length) F(duckdb_string_t_data)      \
    F(duckdb_create_data_chunk) F(duckdb_destroy_data_chunk) F(duckdb_data_chunk_reset)                      \
    F(duckdb_data_chunk_get_column_count) F(duckdb_data_chunk_get_vector) F(duckdb_data_chunk_get_size)      \
    F(duckdb_data_chunk_set_size) F(duckdb_create_vector) F(duckdb_destroy_vector)                           \
    F(duckdb_vector_get_column_type) F(duckdb_vector_get_data) F(duckdb_vector_get_validity)                 \
    F(duckdb_vector_ensure_validity_writable) F(duckdb_vector_assign_string_element)                         \
    F(duckdb_vector_assign_string_element_len) F(duckdb_unsafe_vector_assign_string_element_len)             \
    F(duckdb_list_vector_get_child) F(duckdb_list_vector_get_size) F(duckdb_list_vector_set_size)            \
    F(duckdb_list_vector_reserve) F(duckdb_struct_vector_get_child) F(duckdb_array_vector_get_child)         \
    F(duckdb_slice_vector) F(duckdb_vector_copy_sel) F(duckdb_vector_reference_value)                        \
    F(duckdb_vector_reference_vector) F(duckdb_validity_row_is_valid) F(duckdb_validity_set_row_validity)    \
    F(duckdb_validity_set_row_invalid) F(duckdb_validity_set_row_valid)                                      \
    /* logical types */                                                                                      \
    F(duckdb_get_value_type) F(duckdb_create_logical_type) F(duckdb_logical_type_get_alias)                  \
    F(duckdb_logical_type_set_alias) F(duckdb_create_list_type) F(duckdb_create_array_type)                  \
    F(duckdb_create_map_type) F(duckdb_create_union_type) F(duckdb_create_struct_type)                       \
    F(duckdb_create_enum_type) F(duckdb_create_decimal_type) F(duckdb_get_type_id)                           \
    F(duckdb_decimal_internal_type) F(duckdb_enum_internal_type) F(duckdb_list_type_child_type)              \
    F(duckdb_array_type_child_type) F(duckdb_array_type_array_size) F(duckdb_map_type_key_type)              \
    F(duckdb_map_type_value_type) F(duckdb_struct_type_child_count) F(duckdb_struct_type_child_name)         \
    F(duckdb_struct_type_child_type) F(duckdb_union_type_member_count) F(duckdb_union_type_member_name)      \
    F(duckdb_union_type_member_type) F(duckdb_destroy_logical_type)                                          \
    /* values and memory */                                                                                  \
    F(duckdb_malloc) F(duckdb_free) F(duckdb_valid_utf8_check) F(duckdb_from_date) F(duckdb_to_date)         \
    F(duckdb_is_finite_date) F(duckdb_from_time) F(duckdb_to_time) F(duckdb_from_timestamp)                  \
    F(duckdb_to_timestamp) F(duckdb_is_finite_timestamp) F(duckdb_hugeint_to_double)                         \
    F(duckdb_double_to_hugeint) F(duckdb_double_to_decimal) F(duckdb_decimal_to_double)                      \
    F(duckdb_destroy_value) F(duckdb_create_varchar) F(duckdb_create_varchar_length) F(duckdb_create_bool)   \
    F(duckdb_create_int8) F(duckdb_create_uint8) F(duckdb_create_int16) F(duckdb_create_uint16)              \
    F(duckdb_create_int32) F(duckdb_create_uint32) F(duckdb_create_uint64) F(duckdb_create_int64)            \
    F(duckdb_create_hugeint) F(duckdb_create_decimal) F(duckdb_create_float) F(duckdb_create_double)         \
    F(duckdb_create_date) F(duckdb_create_time) F(duckdb_create_timestamp) F(duckdb_create_timestamp_tz)     \
    F(duckdb_create_interval) F(duckdb_create_blob) F(duckdb_get_bool) F(duckdb_get_int8)                    \
    F(duckdb_get_uint8) F(duckdb_get_int16) F(duckdb_get_uint16) F(duckdb_get_int32) F(duckdb_get_uint32)    \
    F(duckdb_get_int64) F(duckdb_get_uint64) F(duckdb_get_hugeint) F(duckdb_get_decimal) F(duckdb_get_float) \
    F(duckdb_get_double) F(duckdb_get_date) F(duckdb_get_time) F(duckdb_get_timestamp)                       \
    F(duckdb_get_timestamp_tz) F(duckdb_get_interval) F(duckdb_get_blob) F(duckdb_get_varchar)               \
    F(duckdb_create_struct_value) F(duckdb_create_list_value) F(duckdb_create_array_value)                   \
    F(duckdb_create_map_value) F(duckdb_get_map_size) F(duckdb_get_map_key) F(duckdb_get_map_value)          \
    F(duckdb_is_null_value) F(duckdb_create_null_value) F(duckdb_get_list_size) F(duckdb_get_list_child)     \
    F(duckdb_create_enum_value) F(duckdb_get_enum_value) F(duckdb_get_struct_child)                          \
    F(duckdb_value_to_string) F(duckdb_decimal_width) F(duckdb_decimal_scale) F(duckdb_enum_dictionary_size) \
    F(duckdb_enum_dictionary_value)
/* clang-format on */

struct duckdb_api {
#define F(name) __typeof__(name) *p_##name;
    DUCKDB_FUNCTIONS(F)
#undef F
};
/* Filled once, under a lock, and constant from then on. */
extern struct duckdb_api duckdb_api;

/* The one version whose header ingot was built against. */
#define DUCKDB_VERSION_WANTED "v1.5.5"

/* Loads the library once: $INGOT_DUCKDB (a file or its folder), next to the program, ../lib, ../lib/ingot, the loader's
 * path. Thread-safe; an error says where it looked (RC_USAGE). */
enum rc duckdb_api_load(struct err *e) MUST_CHECK;

#define duckdb_open duckdb_api.p_duckdb_open
#define duckdb_open_ext duckdb_api.p_duckdb_open_ext
#define duckdb_close duckdb_api.p_duckdb_close
#define duckdb_connect duckdb_api.p_duckdb_connect
#define duckdb_interrupt duckdb_api.p_duckdb_interrupt
#define duckdb_query_progress duckdb_api.p_duckdb_query_progress
#define duckdb_disconnect duckdb_api.p_duckdb_disconnect
#define duckdb_connection_get_client_context duckdb_api.p_duckdb_connection_get_client_context
#define duckdb_client_context_get_connection_id duckdb_api.p_duckdb_client_context_get_connection_id
#define duckdb_destroy_client_context duckdb_api.p_duckdb_destroy_client_context
#define duckdb_library_version duckdb_api.p_duckdb_library_version
#define duckdb_get_table_names duckdb_api.p_duckdb_get_table_names
#define duckdb_create_config duckdb_api.p_duckdb_create_config
#define duckdb_config_count duckdb_api.p_duckdb_config_count
#define duckdb_get_config_flag duckdb_api.p_duckdb_get_config_flag
#define duckdb_set_config duckdb_api.p_duckdb_set_config
#define duckdb_destroy_config duckdb_api.p_duckdb_destroy_config
#define duckdb_create_error_data duckdb_api.p_duckdb_create_error_data
#define duckdb_destroy_error_data duckdb_api.p_duckdb_destroy_error_data
#define duckdb_error_data_error_type duckdb_api.p_duckdb_error_data_error_type
#define duckdb_error_data_message duckdb_api.p_duckdb_error_data_message
#define duckdb_error_data_has_error duckdb_api.p_duckdb_error_data_has_error
#define duckdb_appender_error_data duckdb_api.p_duckdb_appender_error_data
#define duckdb_appender_create duckdb_api.p_duckdb_appender_create
#define duckdb_appender_create_ext duckdb_api.p_duckdb_appender_create_ext
#define duckdb_appender_create_query duckdb_api.p_duckdb_appender_create_query
#define duckdb_appender_column_count duckdb_api.p_duckdb_appender_column_count
#define duckdb_appender_column_type duckdb_api.p_duckdb_appender_column_type
#define duckdb_appender_flush duckdb_api.p_duckdb_appender_flush
#define duckdb_appender_clear duckdb_api.p_duckdb_appender_clear
#define duckdb_appender_close duckdb_api.p_duckdb_appender_close
#define duckdb_appender_destroy duckdb_api.p_duckdb_appender_destroy
#define duckdb_appender_add_column duckdb_api.p_duckdb_appender_add_column
#define duckdb_appender_clear_columns duckdb_api.p_duckdb_appender_clear_columns
#define duckdb_appender_begin_row duckdb_api.p_duckdb_appender_begin_row
#define duckdb_appender_end_row duckdb_api.p_duckdb_appender_end_row
#define duckdb_append_default duckdb_api.p_duckdb_append_default
#define duckdb_append_default_to_chunk duckdb_api.p_duckdb_append_default_to_chunk
#define duckdb_append_bool duckdb_api.p_duckdb_append_bool
#define duckdb_append_int8 duckdb_api.p_duckdb_append_int8
#define duckdb_append_int16 duckdb_api.p_duckdb_append_int16
#define duckdb_append_int32 duckdb_api.p_duckdb_append_int32
#define duckdb_append_int64 duckdb_api.p_duckdb_append_int64
#define duckdb_append_hugeint duckdb_api.p_duckdb_append_hugeint
#define duckdb_append_uint8 duckdb_api.p_duckdb_append_uint8
#define duckdb_append_uint16 duckdb_api.p_duckdb_append_uint16
#define duckdb_append_uint32 duckdb_api.p_duckdb_append_uint32
#define duckdb_append_uint64 duckdb_api.p_duckdb_append_uint64
#define duckdb_append_float duckdb_api.p_duckdb_append_float
#define duckdb_append_double duckdb_api.p_duckdb_append_double
#define duckdb_append_date duckdb_api.p_duckdb_append_date
#define duckdb_append_time duckdb_api.p_duckdb_append_time
#define duckdb_append_timestamp duckdb_api.p_duckdb_append_timestamp
#define duckdb_append_interval duckdb_api.p_duckdb_append_interval
#define duckdb_append_varchar duckdb_api.p_duckdb_append_varchar
#define duckdb_append_varchar_length duckdb_api.p_duckdb_append_varchar_length
#define duckdb_append_blob duckdb_api.p_duckdb_append_blob
#define duckdb_append_null duckdb_api.p_duckdb_append_null
#define duckdb_append_value duckdb_api.p_duckdb_append_value
#define duckdb_append_data_chunk duckdb_api.p_duckdb_append_data_chunk
#define duckdb_create_table_function duckdb_api.p_duckdb_create_table_function
#define duckdb_destroy_table_function duckdb_api.p_duckdb_destroy_table_function
#define duckdb_table_function_set_name duckdb_api.p_duckdb_table_function_set_name
#define duckdb_table_function_add_parameter duckdb_api.p_duckdb_table_function_add_parameter
#define duckdb_table_function_add_named_parameter duckdb_api.p_duckdb_table_function_add_named_parameter
#define duckdb_table_function_set_extra_info duckdb_api.p_duckdb_table_function_set_extra_info
#define duckdb_table_function_set_bind duckdb_api.p_duckdb_table_function_set_bind
#define duckdb_table_function_set_init duckdb_api.p_duckdb_table_function_set_init
#define duckdb_table_function_set_local_init duckdb_api.p_duckdb_table_function_set_local_init
#define duckdb_table_function_set_function duckdb_api.p_duckdb_table_function_set_function
#define duckdb_table_function_supports_projection_pushdown                                                             \
    duckdb_api.p_duckdb_table_function_supports_projection_pushdown
#define duckdb_register_table_function duckdb_api.p_duckdb_register_table_function
#define duckdb_bind_get_extra_info duckdb_api.p_duckdb_bind_get_extra_info
#define duckdb_table_function_get_client_context duckdb_api.p_duckdb_table_function_get_client_context
#define duckdb_bind_add_result_column duckdb_api.p_duckdb_bind_add_result_column
#define duckdb_bind_get_parameter_count duckdb_api.p_duckdb_bind_get_parameter_count
#define duckdb_bind_get_parameter duckdb_api.p_duckdb_bind_get_parameter
#define duckdb_bind_get_named_parameter duckdb_api.p_duckdb_bind_get_named_parameter
#define duckdb_bind_set_bind_data duckdb_api.p_duckdb_bind_set_bind_data
#define duckdb_bind_set_cardinality duckdb_api.p_duckdb_bind_set_cardinality
#define duckdb_bind_set_error duckdb_api.p_duckdb_bind_set_error
#define duckdb_init_get_extra_info duckdb_api.p_duckdb_init_get_extra_info
#define duckdb_init_get_bind_data duckdb_api.p_duckdb_init_get_bind_data
#define duckdb_init_set_init_data duckdb_api.p_duckdb_init_set_init_data
#define duckdb_init_get_column_count duckdb_api.p_duckdb_init_get_column_count
#define duckdb_init_get_column_index duckdb_api.p_duckdb_init_get_column_index
#define duckdb_init_set_max_threads duckdb_api.p_duckdb_init_set_max_threads
#define duckdb_init_set_error duckdb_api.p_duckdb_init_set_error
#define duckdb_function_get_extra_info duckdb_api.p_duckdb_function_get_extra_info
#define duckdb_function_get_bind_data duckdb_api.p_duckdb_function_get_bind_data
#define duckdb_function_get_init_data duckdb_api.p_duckdb_function_get_init_data
#define duckdb_function_get_local_init_data duckdb_api.p_duckdb_function_get_local_init_data
#define duckdb_function_set_error duckdb_api.p_duckdb_function_set_error
#define duckdb_table_function_bind_get_result_column_count                                                             \
    duckdb_api.p_duckdb_table_function_bind_get_result_column_count
#define duckdb_table_function_bind_get_result_column_name duckdb_api.p_duckdb_table_function_bind_get_result_column_name
#define duckdb_table_function_bind_get_result_column_type duckdb_api.p_duckdb_table_function_bind_get_result_column_type
#define duckdb_create_scalar_function duckdb_api.p_duckdb_create_scalar_function
#define duckdb_destroy_scalar_function duckdb_api.p_duckdb_destroy_scalar_function
#define duckdb_scalar_function_set_name duckdb_api.p_duckdb_scalar_function_set_name
#define duckdb_scalar_function_set_varargs duckdb_api.p_duckdb_scalar_function_set_varargs
#define duckdb_scalar_function_set_special_handling duckdb_api.p_duckdb_scalar_function_set_special_handling
#define duckdb_scalar_function_set_volatile duckdb_api.p_duckdb_scalar_function_set_volatile
#define duckdb_scalar_function_add_parameter duckdb_api.p_duckdb_scalar_function_add_parameter
#define duckdb_scalar_function_set_return_type duckdb_api.p_duckdb_scalar_function_set_return_type
#define duckdb_scalar_function_set_extra_info duckdb_api.p_duckdb_scalar_function_set_extra_info
#define duckdb_scalar_function_set_bind duckdb_api.p_duckdb_scalar_function_set_bind
#define duckdb_scalar_function_set_bind_data duckdb_api.p_duckdb_scalar_function_set_bind_data
#define duckdb_scalar_function_set_bind_data_copy duckdb_api.p_duckdb_scalar_function_set_bind_data_copy
#define duckdb_scalar_function_bind_set_error duckdb_api.p_duckdb_scalar_function_bind_set_error
#define duckdb_scalar_function_set_function duckdb_api.p_duckdb_scalar_function_set_function
#define duckdb_register_scalar_function duckdb_api.p_duckdb_register_scalar_function
#define duckdb_scalar_function_get_extra_info duckdb_api.p_duckdb_scalar_function_get_extra_info
#define duckdb_scalar_function_bind_get_extra_info duckdb_api.p_duckdb_scalar_function_bind_get_extra_info
#define duckdb_scalar_function_get_bind_data duckdb_api.p_duckdb_scalar_function_get_bind_data
#define duckdb_scalar_function_get_client_context duckdb_api.p_duckdb_scalar_function_get_client_context
#define duckdb_scalar_function_set_error duckdb_api.p_duckdb_scalar_function_set_error
#define duckdb_create_scalar_function_set duckdb_api.p_duckdb_create_scalar_function_set
#define duckdb_destroy_scalar_function_set duckdb_api.p_duckdb_destroy_scalar_function_set
#define duckdb_add_scalar_function_to_set duckdb_api.p_duckdb_add_scalar_function_to_set
#define duckdb_register_scalar_function_set duckdb_api.p_duckdb_register_scalar_function_set
#define duckdb_scalar_function_bind_get_argument_count duckdb_api.p_duckdb_scalar_function_bind_get_argument_count
#define duckdb_scalar_function_bind_get_argument duckdb_api.p_duckdb_scalar_function_bind_get_argument
#define duckdb_scalar_function_get_state duckdb_api.p_duckdb_scalar_function_get_state
#define duckdb_scalar_function_set_init duckdb_api.p_duckdb_scalar_function_set_init
#define duckdb_scalar_function_init_set_error duckdb_api.p_duckdb_scalar_function_init_set_error
#define duckdb_scalar_function_init_set_state duckdb_api.p_duckdb_scalar_function_init_set_state
#define duckdb_scalar_function_init_get_client_context duckdb_api.p_duckdb_scalar_function_init_get_client_context
#define duckdb_scalar_function_init_get_bind_data duckdb_api.p_duckdb_scalar_function_init_get_bind_data
#define duckdb_scalar_function_init_get_extra_info duckdb_api.p_duckdb_scalar_function_init_get_extra_info
#define duckdb_create_selection_vector duckdb_api.p_duckdb_create_selection_vector
#define duckdb_destroy_selection_vector duckdb_api.p_duckdb_destroy_selection_vector
#define duckdb_selection_vector_get_data_ptr duckdb_api.p_duckdb_selection_vector_get_data_ptr
#define duckdb_destroy_expression duckdb_api.p_duckdb_destroy_expression
#define duckdb_expression_return_type duckdb_api.p_duckdb_expression_return_type
#define duckdb_expression_is_foldable duckdb_api.p_duckdb_expression_is_foldable
#define duckdb_expression_fold duckdb_api.p_duckdb_expression_fold
#define duckdb_prepare duckdb_api.p_duckdb_prepare
#define duckdb_destroy_prepare duckdb_api.p_duckdb_destroy_prepare
#define duckdb_prepare_error duckdb_api.p_duckdb_prepare_error
#define duckdb_nparams duckdb_api.p_duckdb_nparams
#define duckdb_parameter_name duckdb_api.p_duckdb_parameter_name
#define duckdb_param_type duckdb_api.p_duckdb_param_type
#define duckdb_param_logical_type duckdb_api.p_duckdb_param_logical_type
#define duckdb_clear_bindings duckdb_api.p_duckdb_clear_bindings
#define duckdb_prepared_statement_type duckdb_api.p_duckdb_prepared_statement_type
#define duckdb_prepared_statement_column_count duckdb_api.p_duckdb_prepared_statement_column_count
#define duckdb_prepared_statement_column_name duckdb_api.p_duckdb_prepared_statement_column_name
#define duckdb_prepared_statement_column_logical_type duckdb_api.p_duckdb_prepared_statement_column_logical_type
#define duckdb_prepared_statement_column_type duckdb_api.p_duckdb_prepared_statement_column_type
#define duckdb_bind_value duckdb_api.p_duckdb_bind_value
#define duckdb_bind_parameter_index duckdb_api.p_duckdb_bind_parameter_index
#define duckdb_bind_boolean duckdb_api.p_duckdb_bind_boolean
#define duckdb_bind_int8 duckdb_api.p_duckdb_bind_int8
#define duckdb_bind_int16 duckdb_api.p_duckdb_bind_int16
#define duckdb_bind_int32 duckdb_api.p_duckdb_bind_int32
#define duckdb_bind_int64 duckdb_api.p_duckdb_bind_int64
#define duckdb_bind_hugeint duckdb_api.p_duckdb_bind_hugeint
#define duckdb_bind_decimal duckdb_api.p_duckdb_bind_decimal
#define duckdb_bind_uint8 duckdb_api.p_duckdb_bind_uint8
#define duckdb_bind_uint16 duckdb_api.p_duckdb_bind_uint16
#define duckdb_bind_uint32 duckdb_api.p_duckdb_bind_uint32
#define duckdb_bind_uint64 duckdb_api.p_duckdb_bind_uint64
#define duckdb_bind_float duckdb_api.p_duckdb_bind_float
#define duckdb_bind_double duckdb_api.p_duckdb_bind_double
#define duckdb_bind_date duckdb_api.p_duckdb_bind_date
#define duckdb_bind_time duckdb_api.p_duckdb_bind_time
#define duckdb_bind_timestamp duckdb_api.p_duckdb_bind_timestamp
#define duckdb_bind_timestamp_tz duckdb_api.p_duckdb_bind_timestamp_tz
#define duckdb_bind_interval duckdb_api.p_duckdb_bind_interval
#define duckdb_bind_varchar duckdb_api.p_duckdb_bind_varchar
#define duckdb_bind_varchar_length duckdb_api.p_duckdb_bind_varchar_length
#define duckdb_bind_blob duckdb_api.p_duckdb_bind_blob
#define duckdb_bind_null duckdb_api.p_duckdb_bind_null
#define duckdb_execute_prepared duckdb_api.p_duckdb_execute_prepared
#define duckdb_extract_statements duckdb_api.p_duckdb_extract_statements
#define duckdb_prepare_extracted_statement duckdb_api.p_duckdb_prepare_extracted_statement
#define duckdb_extract_statements_error duckdb_api.p_duckdb_extract_statements_error
#define duckdb_destroy_extracted duckdb_api.p_duckdb_destroy_extracted
#define duckdb_pending_prepared duckdb_api.p_duckdb_pending_prepared
#define duckdb_destroy_pending duckdb_api.p_duckdb_destroy_pending
#define duckdb_pending_error duckdb_api.p_duckdb_pending_error
#define duckdb_pending_execute_task duckdb_api.p_duckdb_pending_execute_task
#define duckdb_pending_execute_check_state duckdb_api.p_duckdb_pending_execute_check_state
#define duckdb_execute_pending duckdb_api.p_duckdb_execute_pending
#define duckdb_pending_execution_is_finished duckdb_api.p_duckdb_pending_execution_is_finished
#define duckdb_execution_is_finished duckdb_api.p_duckdb_execution_is_finished
#define duckdb_query duckdb_api.p_duckdb_query
#define duckdb_destroy_result duckdb_api.p_duckdb_destroy_result
#define duckdb_column_name duckdb_api.p_duckdb_column_name
#define duckdb_column_type duckdb_api.p_duckdb_column_type
#define duckdb_result_statement_type duckdb_api.p_duckdb_result_statement_type
#define duckdb_column_logical_type duckdb_api.p_duckdb_column_logical_type
#define duckdb_column_count duckdb_api.p_duckdb_column_count
#define duckdb_rows_changed duckdb_api.p_duckdb_rows_changed
#define duckdb_result_error duckdb_api.p_duckdb_result_error
#define duckdb_result_error_type duckdb_api.p_duckdb_result_error_type
#define duckdb_result_return_type duckdb_api.p_duckdb_result_return_type
#define duckdb_fetch_chunk duckdb_api.p_duckdb_fetch_chunk
#define duckdb_vector_size duckdb_api.p_duckdb_vector_size
#define duckdb_string_is_inlined duckdb_api.p_duckdb_string_is_inlined
#define duckdb_string_t_length duckdb_api.p_duckdb_string_t_length
#define duckdb_string_t_data duckdb_api.p_duckdb_string_t_data
#define duckdb_create_data_chunk duckdb_api.p_duckdb_create_data_chunk
#define duckdb_destroy_data_chunk duckdb_api.p_duckdb_destroy_data_chunk
#define duckdb_data_chunk_reset duckdb_api.p_duckdb_data_chunk_reset
#define duckdb_data_chunk_get_column_count duckdb_api.p_duckdb_data_chunk_get_column_count
#define duckdb_data_chunk_get_vector duckdb_api.p_duckdb_data_chunk_get_vector
#define duckdb_data_chunk_get_size duckdb_api.p_duckdb_data_chunk_get_size
#define duckdb_data_chunk_set_size duckdb_api.p_duckdb_data_chunk_set_size
#define duckdb_create_vector duckdb_api.p_duckdb_create_vector
#define duckdb_destroy_vector duckdb_api.p_duckdb_destroy_vector
#define duckdb_vector_get_column_type duckdb_api.p_duckdb_vector_get_column_type
#define duckdb_vector_get_data duckdb_api.p_duckdb_vector_get_data
#define duckdb_vector_get_validity duckdb_api.p_duckdb_vector_get_validity
#define duckdb_vector_ensure_validity_writable duckdb_api.p_duckdb_vector_ensure_validity_writable
#define duckdb_vector_assign_string_element duckdb_api.p_duckdb_vector_assign_string_element
#define duckdb_vector_assign_string_element_len duckdb_api.p_duckdb_vector_assign_string_element_len
#define duckdb_unsafe_vector_assign_string_element_len duckdb_api.p_duckdb_unsafe_vector_assign_string_element_len
#define duckdb_list_vector_get_child duckdb_api.p_duckdb_list_vector_get_child
#define duckdb_list_vector_get_size duckdb_api.p_duckdb_list_vector_get_size
#define duckdb_list_vector_set_size duckdb_api.p_duckdb_list_vector_set_size
#define duckdb_list_vector_reserve duckdb_api.p_duckdb_list_vector_reserve
#define duckdb_struct_vector_get_child duckdb_api.p_duckdb_struct_vector_get_child
#define duckdb_array_vector_get_child duckdb_api.p_duckdb_array_vector_get_child
#define duckdb_slice_vector duckdb_api.p_duckdb_slice_vector
#define duckdb_vector_copy_sel duckdb_api.p_duckdb_vector_copy_sel
#define duckdb_vector_reference_value duckdb_api.p_duckdb_vector_reference_value
#define duckdb_vector_reference_vector duckdb_api.p_duckdb_vector_reference_vector
#define duckdb_validity_row_is_valid duckdb_api.p_duckdb_validity_row_is_valid
#define duckdb_validity_set_row_validity duckdb_api.p_duckdb_validity_set_row_validity
#define duckdb_validity_set_row_invalid duckdb_api.p_duckdb_validity_set_row_invalid
#define duckdb_validity_set_row_valid duckdb_api.p_duckdb_validity_set_row_valid
#define duckdb_get_value_type duckdb_api.p_duckdb_get_value_type
#define duckdb_create_logical_type duckdb_api.p_duckdb_create_logical_type
#define duckdb_logical_type_get_alias duckdb_api.p_duckdb_logical_type_get_alias
#define duckdb_logical_type_set_alias duckdb_api.p_duckdb_logical_type_set_alias
#define duckdb_create_list_type duckdb_api.p_duckdb_create_list_type
#define duckdb_create_array_type duckdb_api.p_duckdb_create_array_type
#define duckdb_create_map_type duckdb_api.p_duckdb_create_map_type
#define duckdb_create_union_type duckdb_api.p_duckdb_create_union_type
#define duckdb_create_struct_type duckdb_api.p_duckdb_create_struct_type
#define duckdb_create_enum_type duckdb_api.p_duckdb_create_enum_type
#define duckdb_create_decimal_type duckdb_api.p_duckdb_create_decimal_type
#define duckdb_get_type_id duckdb_api.p_duckdb_get_type_id
#define duckdb_decimal_internal_type duckdb_api.p_duckdb_decimal_internal_type
#define duckdb_enum_internal_type duckdb_api.p_duckdb_enum_internal_type
#define duckdb_list_type_child_type duckdb_api.p_duckdb_list_type_child_type
#define duckdb_array_type_child_type duckdb_api.p_duckdb_array_type_child_type
#define duckdb_array_type_array_size duckdb_api.p_duckdb_array_type_array_size
#define duckdb_map_type_key_type duckdb_api.p_duckdb_map_type_key_type
#define duckdb_map_type_value_type duckdb_api.p_duckdb_map_type_value_type
#define duckdb_struct_type_child_count duckdb_api.p_duckdb_struct_type_child_count
#define duckdb_struct_type_child_name duckdb_api.p_duckdb_struct_type_child_name
#define duckdb_struct_type_child_type duckdb_api.p_duckdb_struct_type_child_type
#define duckdb_union_type_member_count duckdb_api.p_duckdb_union_type_member_count
#define duckdb_union_type_member_name duckdb_api.p_duckdb_union_type_member_name
#define duckdb_union_type_member_type duckdb_api.p_duckdb_union_type_member_type
#define duckdb_destroy_logical_type duckdb_api.p_duckdb_destroy_logical_type
#define duckdb_malloc duckdb_api.p_duckdb_malloc
#define duckdb_free duckdb_api.p_duckdb_free
#define duckdb_valid_utf8_check duckdb_api.p_duckdb_valid_utf8_check
#define duckdb_from_date duckdb_api.p_duckdb_from_date
#define duckdb_to_date duckdb_api.p_duckdb_to_date
#define duckdb_is_finite_date duckdb_api.p_duckdb_is_finite_date
#define duckdb_from_time duckdb_api.p_duckdb_from_time
#define duckdb_to_time duckdb_api.p_duckdb_to_time
#define duckdb_from_timestamp duckdb_api.p_duckdb_from_timestamp
#define duckdb_to_timestamp duckdb_api.p_duckdb_to_timestamp
#define duckdb_is_finite_timestamp duckdb_api.p_duckdb_is_finite_timestamp
#define duckdb_hugeint_to_double duckdb_api.p_duckdb_hugeint_to_double
#define duckdb_double_to_hugeint duckdb_api.p_duckdb_double_to_hugeint
#define duckdb_double_to_decimal duckdb_api.p_duckdb_double_to_decimal
#define duckdb_decimal_to_double duckdb_api.p_duckdb_decimal_to_double
#define duckdb_destroy_value duckdb_api.p_duckdb_destroy_value
#define duckdb_create_varchar duckdb_api.p_duckdb_create_varchar
#define duckdb_create_varchar_length duckdb_api.p_duckdb_create_varchar_length
#define duckdb_create_bool duckdb_api.p_duckdb_create_bool
#define duckdb_create_int8 duckdb_api.p_duckdb_create_int8
#define duckdb_create_uint8 duckdb_api.p_duckdb_create_uint8
#define duckdb_create_int16 duckdb_api.p_duckdb_create_int16
#define duckdb_create_uint16 duckdb_api.p_duckdb_create_uint16
#define duckdb_create_int32 duckdb_api.p_duckdb_create_int32
#define duckdb_create_uint32 duckdb_api.p_duckdb_create_uint32
#define duckdb_create_uint64 duckdb_api.p_duckdb_create_uint64
#define duckdb_create_int64 duckdb_api.p_duckdb_create_int64
#define duckdb_create_hugeint duckdb_api.p_duckdb_create_hugeint
#define duckdb_create_decimal duckdb_api.p_duckdb_create_decimal
#define duckdb_create_float duckdb_api.p_duckdb_create_float
#define duckdb_create_double duckdb_api.p_duckdb_create_double
#define duckdb_create_date duckdb_api.p_duckdb_create_date
#define duckdb_create_time duckdb_api.p_duckdb_create_time
#define duckdb_create_timestamp duckdb_api.p_duckdb_create_timestamp
#define duckdb_create_timestamp_tz duckdb_api.p_duckdb_create_timestamp_tz
#define duckdb_create_interval duckdb_api.p_duckdb_create_interval
#define duckdb_create_blob duckdb_api.p_duckdb_create_blob
#define duckdb_get_bool duckdb_api.p_duckdb_get_bool
#define duckdb_get_int8 duckdb_api.p_duckdb_get_int8
#define duckdb_get_uint8 duckdb_api.p_duckdb_get_uint8
#define duckdb_get_int16 duckdb_api.p_duckdb_get_int16
#define duckdb_get_uint16 duckdb_api.p_duckdb_get_uint16
#define duckdb_get_int32 duckdb_api.p_duckdb_get_int32
#define duckdb_get_uint32 duckdb_api.p_duckdb_get_uint32
#define duckdb_get_int64 duckdb_api.p_duckdb_get_int64
#define duckdb_get_uint64 duckdb_api.p_duckdb_get_uint64
#define duckdb_get_hugeint duckdb_api.p_duckdb_get_hugeint
#define duckdb_get_decimal duckdb_api.p_duckdb_get_decimal
#define duckdb_get_float duckdb_api.p_duckdb_get_float
#define duckdb_get_double duckdb_api.p_duckdb_get_double
#define duckdb_get_date duckdb_api.p_duckdb_get_date
#define duckdb_get_time duckdb_api.p_duckdb_get_time
#define duckdb_get_timestamp duckdb_api.p_duckdb_get_timestamp
#define duckdb_get_timestamp_tz duckdb_api.p_duckdb_get_timestamp_tz
#define duckdb_get_interval duckdb_api.p_duckdb_get_interval
#define duckdb_get_blob duckdb_api.p_duckdb_get_blob
#define duckdb_get_varchar duckdb_api.p_duckdb_get_varchar
#define duckdb_create_struct_value duckdb_api.p_duckdb_create_struct_value
#define duckdb_create_list_value duckdb_api.p_duckdb_create_list_value
#define duckdb_create_array_value duckdb_api.p_duckdb_create_array_value
#define duckdb_create_map_value duckdb_api.p_duckdb_create_map_value
#define duckdb_get_map_size duckdb_api.p_duckdb_get_map_size
#define duckdb_get_map_key duckdb_api.p_duckdb_get_map_key
#define duckdb_get_map_value duckdb_api.p_duckdb_get_map_value
#define duckdb_is_null_value duckdb_api.p_duckdb_is_null_value
#define duckdb_create_null_value duckdb_api.p_duckdb_create_null_value
#define duckdb_get_list_size duckdb_api.p_duckdb_get_list_size
#define duckdb_get_list_child duckdb_api.p_duckdb_get_list_child
#define duckdb_create_enum_value duckdb_api.p_duckdb_create_enum_value
#define duckdb_get_enum_value duckdb_api.p_duckdb_get_enum_value
#define duckdb_get_struct_child duckdb_api.p_duckdb_get_struct_child
#define duckdb_value_to_string duckdb_api.p_duckdb_value_to_string
#define duckdb_decimal_width duckdb_api.p_duckdb_decimal_width
#define duckdb_decimal_scale duckdb_api.p_duckdb_decimal_scale
#define duckdb_enum_dictionary_size duckdb_api.p_duckdb_enum_dictionary_size
#define duckdb_enum_dictionary_value duckdb_api.p_duckdb_enum_dictionary_value

#endif
