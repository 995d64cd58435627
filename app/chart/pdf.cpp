// A Scene as one page of PDF, its fonts embedded, its text selectable.
#include <cairo-pdf.h>

#include "app/chart/draw.hpp"
#include "app/chart/paint.hpp"

namespace qlab::chart {
namespace {

constexpr double points_per_pixel = 72.0 / 96.0;

cairo_status_t append(void* out, const unsigned char* bytes, unsigned count) {
  static_cast<std::string*>(out)->append(reinterpret_cast<const char*>(bytes), count);
  return CAIRO_STATUS_SUCCESS;
}

/// Cairo knows PDF's own four fields; everything else becomes "key: value" lines of the keywords.
void describe(cairo_surface_t* surface, const Scene& scene, const Metadata& metadata) {
  std::string title = scene.title;
  std::string keywords;
  for (const auto& [key, value] : metadata) {
    if (key == "Title") {
      title = value;
    } else if (key == "Author") {
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_AUTHOR, value.c_str());
    } else if (key == "Subject") {
      cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_SUBJECT, value.c_str());
    } else {
      if (!keywords.empty()) keywords += "; ";
      keywords += key == "Keywords" ? value : key + ": " + value;
    }
  }
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_TITLE, title.c_str());
  if (!keywords.empty()) cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_KEYWORDS, keywords.c_str());
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATOR, "QLoRA Lab");
  // A date would make every export differ, and Cairo writes one unless it is given one.
  cairo_pdf_surface_set_metadata(surface, CAIRO_PDF_METADATA_CREATE_DATE, "2000-01-01T00:00:00Z");
}

}  // namespace

Result<std::string> encode_pdf(const Scene& scene, const Metadata& metadata) {
  std::string out;
  cairo_surface_t* surface = cairo_pdf_surface_create_for_stream(append, &out, scene.width * points_per_pixel,
                                                                 scene.height * points_per_pixel);
  describe(surface, scene, metadata);
  cairo_t* cairo = cairo_create(surface);
  cairo_scale(cairo, points_per_pixel, points_per_pixel);
  paint(cairo, scene);
  cairo_show_page(cairo);
  cairo_destroy(cairo);
  cairo_surface_finish(surface);
  const cairo_status_t status = cairo_surface_status(surface);
  cairo_surface_destroy(surface);
  if (status != CAIRO_STATUS_SUCCESS) {
    return Error{Errc::io, std::string("cannot write the PDF: ") + cairo_status_to_string(status), "", ""};
  }
  return out;
}

}  // namespace qlab::chart
