"""What Java files define and import."""

from __future__ import annotations

from beadline.context.symbols.types import Definition, FileSymbols, Import, Kind, Parameter
from tests.context.symbols.workspaces import symbols

SHAPES = """\
package com.shapes.core;

import static com.shapes.Checks.notNull;
import com.shapes.Base.Part;
import java.util.*;

/**
 * A circle of a plane.
 */
@Stable
public final class Circle<T extends Unit> extends Shape<T> implements Drawable, Comparable<Circle> {
  private static final Logger LOG = new Logger() {
    @Override
    public void log(String line) {}
  };
  protected int radius, other = 2;

  public Circle(int radius) {
    this.radius = radius;
    class Local {}
  }

  // Scales it.
  @Override
  @Nullable
  public <R> Result<R> scale(final double by, @NonNull String... names)
      throws IOException {
    int local = 1;
    return null;
  }

  abstract int area();

  enum Style implements Named {
    SOLID("s") {
      @Override String text() { return ""; }
    },
    DASHED;

    String text() { return null; }
  }

  record Point(int x, List<String> y) {
    static Point origin() { return null; }
  }
}

interface Drawable extends A, B<C> {
  int MAX = 3;
  void draw(Canvas canvas);
}

@interface Stable {
  String value() default "";
}
"""


def by_name(file: FileSymbols) -> dict[str, Definition]:
    return {each.qualified: each for each in file.definitions}


def test_definitions_and_owners():
    found = by_name(symbols(SHAPES, "Circle.java"))
    assert {name: each.kind for name, each in found.items()} == {
        "Circle": Kind.CLASS,
        "Circle.LOG": Kind.FIELD,
        "Circle.radius": Kind.FIELD,
        "Circle.other": Kind.FIELD,
        "Circle.Circle": Kind.METHOD,
        "Circle.scale": Kind.METHOD,
        "Circle.area": Kind.METHOD,
        "Circle.Style": Kind.ENUM,
        "Circle.Style.SOLID": Kind.FIELD,
        "Circle.Style.DASHED": Kind.FIELD,
        "Circle.Style.text": Kind.METHOD,
        "Circle.Point": Kind.CLASS,
        "Circle.Point.x": Kind.FIELD,
        "Circle.Point.y": Kind.FIELD,
        "Circle.Point.origin": Kind.METHOD,
        "Drawable": Kind.INTERFACE,
        "Drawable.MAX": Kind.FIELD,
        "Drawable.draw": Kind.METHOD,
        "Stable": Kind.INTERFACE,
        "Stable.value": Kind.METHOD,
    }


def test_a_class_says_what_it_derives_from():
    found = by_name(symbols(SHAPES, "Circle.java"))
    assert found["Circle"].bases == ("Shape<T>", "Drawable", "Comparable<Circle>")
    assert found["Drawable"].bases == ("A", "B<C>")
    assert found["Circle.Style"].bases == ("Named",)
    assert found["Circle"].doc == "A circle of a plane."


def test_signatures_are_without_annotations():
    found = by_name(symbols(SHAPES, "Circle.java"))
    assert found["Circle"].signature == (
        "public final class Circle<T extends Unit> extends Shape<T> "
        "implements Drawable, Comparable<Circle>"
    )
    scale = found["Circle.scale"]
    assert scale.signature == (
        "public <R> Result<R> scale(final double by, @NonNull String... names) throws IOException"
    )
    assert SHAPES[scale.header :].startswith("public <R>")
    assert SHAPES[scale.start :].startswith("// Scales it.")
    assert scale.doc == "Scales it."
    assert found["Circle.LOG"].signature == "private static final Logger LOG"


def test_types_parameters_and_visibility():
    found = by_name(symbols(SHAPES, "Circle.java"))
    assert found["Circle.scale"].type == "Result<R>"
    assert found["Circle.scale"].parameters == (
        Parameter("by", "double"),
        Parameter("names", "String..."),
    )
    assert found["Circle.Point.y"].type == "List<String>"
    assert not found["Circle.LOG"].exported
    assert found["Circle.area"].exported


def test_package_and_imports():
    file = symbols(SHAPES, "Circle.java")
    assert file.package == "com.shapes.core"
    assert [(each.module, each.name, each.alias) for each in file.imports] == [
        ("com.shapes.Checks", "notNull", "notNull"),
        ("com.shapes.Base", "Part", "Part"),
        ("java.util", "*", "*"),
    ]
    first: Import = file.imports[0]
    assert SHAPES[first.start : first.end] == "import static com.shapes.Checks.notNull;"
