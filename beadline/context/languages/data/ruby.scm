(method
  name: (_) @name
  body: (_)? @body) @definition.method

(singleton_method
  name: (_) @name
  body: (_)? @body) @definition.method

(class
  name: (_) @name
  body: (_)? @body) @definition.class

(singleton_class
  value: (_) @name
  body: (_)? @body) @definition.class

(module
  name: (_) @name
  body: (_)? @body) @definition.module
