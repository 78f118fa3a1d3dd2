(function_definition
  declarator: (function_declarator declarator: (_) @name)
  body: (compound_statement) @body) @definition.function

(function_definition
  declarator: (_ (function_declarator declarator: (_) @name))
  body: (compound_statement) @body) @definition.function

(struct_specifier
  name: (_) @name
  body: (field_declaration_list) @body) @definition.struct

(union_specifier
  name: (_) @name
  body: (field_declaration_list) @body) @definition.struct

(class_specifier
  name: (_) @name
  body: (field_declaration_list) @body) @definition.class

(enum_specifier
  name: (_) @name
  body: (enumerator_list) @body) @definition.enum

(namespace_definition
  name: (_)? @name
  body: (declaration_list) @body) @definition.module
