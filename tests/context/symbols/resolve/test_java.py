"""Which definitions a cursor in Java code needs."""

from __future__ import annotations

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from beadline.context.symbols.types import Needed, Reason
from tests.context.symbols.workspaces import needed_in, offered

MAIN = "src/main/java/com/shapes"
FILES = {
    f"{MAIN}/Shape.java": """\
package com.shapes;

public abstract class Shape<T> {
  protected Canvas canvas;
  public abstract T unit();
  public Canvas canvas() { return canvas; }
  public static Shape<Pixel> parse(String text) { return null; }
  private void hidden() {}
}
""",
    f"{MAIN}/Circle.java": """\
package com.shapes;

import com.shapes.paint.Brush;
import java.util.List;
import java.util.Map;

public class Circle extends Shape<Pixel> {
  private final List<Brush> brushes;
  private final Map<String, Brush> named;
  public Circle(int radius) {}
  public Circle(int radius, Canvas canvas) {}
  public List<Brush> brushes() { return brushes; }
  public Map<String, Brush> named() { return named; }
  public Circle grow(int by) { return this; }
  public Circle grow(double by) { return this; }
  public static final class Builder {
    public Builder radius(int radius) { return this; }
    public Circle build() { return null; }
  }
}
""",
    f"{MAIN}/Canvas.java": """\
package com.shapes;

public interface Canvas {
  void stroke(Circle circle);
  Style style();
  enum Style {
    SOLID, DASHED;
    public String label() { return ""; }
  }
}
""",
    f"{MAIN}/Pixel.java": """\
package com.shapes;

class Pixel {
  Pixel scaled(int by) { return this; }
}
""",
    f"{MAIN}/paint/Brush.java": """\
package com.shapes.paint;

public class Brush {
  public void dip() {}
}
""",
    f"{MAIN}/Checks.java": """\
package com.shapes;

public final class Checks {
  public static <T> T notNull(T value) { return value; }
  public static <T> T make(Class<T> type) { return null; }
  static void internal() {}
}
""",
    f"{MAIN}/Unrelated.java": """\
package com.shapes;

public class Unrelated {
  public void nothing() {}
}
""",
}


def at(
    body: str, *, imports: str = "", extends: str = "", package: str = "com.shapes"
) -> list[Needed]:
    """What a cursor in a method of a test needs."""
    text = (
        f"package {package};\n\n{imports}\n"
        f"class PaintTest {extends} {{\n"
        "  private Circle field;\n\n"
        "  @Test\n"
        "  void paints(Circle given, List<Circle> circles) throws Exception {\n"
        f"    {body}\n"
        "  }\n\n"
        "  void after() {}\n"
        "}\n"
    )
    folder = package.replace(".", "/")
    return needed_in({**FILES, f"src/test/java/{folder}/PaintTest.java": text})


def first(found: list[Needed]) -> str:
    return found[0].located.definition.qualified if found else ""


@pytest.mark.parametrize(
    ("body", "name"),
    [
        ("given.¦", "Circle"),
        ("given.gr¦", "Circle"),
        ("field.¦", "Circle"),
        ("this.field.¦", "Circle"),
        ("Circle circle = null;\n    circle.¦", "Circle"),
        ("var circle = new Circle(3);\n    circle.¦", "Circle"),
        ("for (Circle each : circles) {\n      each.¦\n    }", "Circle"),
        ("for (var each : circles) {\n      each.¦\n    }", "Circle"),
        ("circles.get(0).¦", "Circle"),
        ("circles.stream().filter(c -> true).findFirst().orElse(null).¦", "Circle"),
        ("circles.forEach(each -> each.¦);", "Circle"),
        ("new Circle(3).¦", "Circle"),
        ("new Circle.Builder().radius(3).¦", "Circle.Builder"),
        ("new Circle.Builder()\n        .radius(3)\n        .build()\n        .¦", "Circle"),
        ("given.canvas().¦", "Canvas"),
        ("given.unit().¦", "Pixel"),
        ('Shape.parse("x").unit().¦', "Pixel"),
        ("given.brushes().get(0).¦", "Brush"),
        ('given.named().get("a").¦', "Brush"),
        ("given.named().values().iterator().next().¦", "Brush"),
        ("((Circle) thing).¦", "Circle"),
        ("if (thing instanceof Circle circle) { circle.¦ }", "Circle"),
        ("try (Circle circle = open()) { circle.¦ }", "Circle"),
        ("Canvas.Style.¦", "Canvas.Style"),
        ("Canvas.Style.SOLID.¦", "Canvas.Style"),
        ("given.canvas().style().¦", "Canvas.Style"),
        ("Checks.notNull(given).¦", "Circle"),
        ("Checks.make(Circle.class).¦", "Circle"),
        ("Circle[] many = null;\n    many[0].¦", "Circle"),
        ("if (a) { given.grow(1).¦", "Circle"),
        ("new Circle(3) {}.¦", "Circle"),
        ("circle.¦", "Circle"),
    ],
)
def test_a_receiver_gives_its_class(body: str, name: str):
    found = at(body)
    assert first(found) == name
    assert found[0].reason is Reason.MEMBER


def test_inherited_members_are_offered():
    found = offered(at("given.¦"))
    assert found.index("Circle.grow") < found.index("Shape.canvas")
    assert "Shape.hidden" not in found


def test_members_of_a_class_come_before_those_of_its_values_behind_its_name():
    behind_class = at("Shape.¦")[0].members
    behind_value = at("Shape<Pixel> shape = null;\n    shape.¦")[0].members
    assert behind_class.index("parse") < behind_class.index("unit")
    assert behind_value.index("unit") < behind_value.index("parse")


def test_typed_letters_come_first():
    assert at("given.na¦")[0].members[0] == "named"


def test_all_overloads_of_a_call_are_needed():
    found = at("given.grow(¦);")
    signatures = [each.located.definition.signature for each in found[:2]]
    assert signatures == ["public Circle grow(int by)", "public Circle grow(double by)"]
    assert {each.reason for each in found[:2]} == {Reason.CALLEE}


def test_a_constructor_call_needs_the_constructors_and_their_classes():
    found = at("new Circle(¦);")
    names = [each.located.definition.qualified for each in found]
    assert names[:2] == ["Circle.Circle", "Circle.Circle"]
    assert "Canvas" in names


def test_behind_new_stand_constructors_of_what_is_expected():
    found = at("Circle circle = new ¦;")
    assert [each.located.definition.qualified for each in found[:2]] == ["Circle.Circle"] * 2


@pytest.mark.parametrize(
    "body", ["Shape shape = new ¦", "given.canvas().wants(new ¦", "return new ¦"]
)
def test_behind_new_stand_classes_of_the_package_that_are_what_is_expected(body: str):
    files = {
        **FILES,
        f"{MAIN}/Canvas.java": (
            "package com.shapes;\n\ninterface Canvas { void wants(Shape<?> s); }\n"
        ),
        f"{MAIN}/Maker.java": (
            "package com.shapes;\n\nclass Maker {\n  Shape<?> make(Circle given) {\n"
            f"    {body}\n  }}\n}}\n"
        ),
    }
    named = [each.located.definition.qualified for each in needed_in(files)]
    assert named.index("Circle.Circle") < named.index("Unrelated")


def test_static_imports_are_offered_bare():
    found = at("¦", imports="import static com.shapes.Checks.notNull;")
    assert first(found) == "Checks.notNull"
    wide = at("¦", imports="import static com.shapes.Checks.*;")
    assert "Checks.make" in offered(wide)


def test_inherited_methods_are_offered_bare():
    assert "Shape.canvas" in offered(at("¦", extends="extends Circle"))


def test_a_call_of_a_static_import():
    found = at("notNull(¦);", imports="import static com.shapes.Checks.notNull;")
    assert first(found) == "Checks.notNull"


def test_imports_decide_between_classes_of_one_name():
    files = {
        **FILES,
        "src/main/java/com/other/Circle.java": (
            "package com.other;\n\npublic class Circle {\n  public void roll() {}\n}\n"
        ),
        "src/main/java/com/user/User.java": (
            "package com.user;\n\nimport com.other.Circle;\n\n"
            "class User {\n  void use(Circle circle) {\n    circle.¦\n  }\n}\n"
        ),
    }
    found = needed_in(files)
    assert found[0].located.path == "src/main/java/com/other/Circle.java"


def test_import_on_demand():
    found = at("Brush brush;\n    brush.¦", imports="import com.shapes.paint.*;", package="a")
    assert first(found) == "Brush"


def test_an_import_statement_names_what_a_package_has():
    found = offered(at("", imports="import com.shapes.paint.¦;"))
    assert found == ["Brush"]


def test_what_has_nothing_to_do_with_the_cursor_is_left_out():
    assert not any(name.startswith("Unrelated") for name in offered(at("given.¦")))


@settings(max_examples=25, deadline=None)
@given(st.text(alphabet="abC.(){}<>[]=;:\"'\n ¦,?&|@/*-+", max_size=60))
def test_nothing_breaks_on_broken_code(body: str):
    body = body.replace("¦", "") + "¦"
    for each in at(body):
        assert each.weight > 0
        assert each.located.path in FILES
